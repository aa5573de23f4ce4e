"""gunicorn for Daogang, in production and under `make run`: `gunicorn -c deploy/gunicorn.conf.py wsgi:app`."""

worker_class = "gthread"
workers = 2
# A thread is held for as long as a caller prefers to wait for his verdict.
threads = 24
# Below a supervisor's usual grace, so that an open request gets its end and nothing has to be killed.
graceful_timeout = 4
accesslog = "-"
# The path without its query: what people search for is nobody's business.
access_log_format = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms %({x-request-id}o)s'
loglevel = "warning"
control_socket_disable = True
