"""What `make run`, the tests and the demo start on one machine: servers of our own, every process, and their end."""
