import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from jobs.local.throwaway import throwaway
from bench.crosscheck_night import *
from bench.crosscheck_night import _deps
from service.simulate.mistakes import RATES
from service.store.work import Database
from sqlalchemy import create_engine
with throwaway(ROOT/"var") as env:
    deps=_deps(env)
    eng=connect(deps.settings.database_url)
    with eng.begin() as c:
        cfg=Config(ROOT/"alembic.ini"); cfg.attributes["connection"]=c; command.upgrade(cfg,"head")
    for seed in range(int(sys.argv[1]), int(sys.argv[2])):
        for rate in (0.0,0.1,0.3,0.9):
            n=[40,3,1,80][seed%4]
            with eng.connect() as c, c.begin() as outer:
                d=replace(deps, database=Database(c, deps.clock))
                deps.clock.at=begin_of(TODAY)
                made=simulate_city(Plan(n, n*10+seed%7, seed, TODAY, {r:rate for r in RATES}), lambda _:None, deps=d)
                run_all(deps=d)
                s=standing(d); p=set(made.planted)
                bad=(p-s, s-p)
                if any(bad) or len(p)!=len(made.planted) or made.counts["person"]!=n*10+seed%7 or made.counts["project"]!=n: print(seed, rate, n, bad, made.counts["person"])
                if rate in (0.0,):
                    for days in (1, 9, 24):
                        deps.clock.at=begin_of(TODAY+timedelta(days=days)); run_all(deps=d)
                        if standing(d): print("later", seed, days, standing(d))
                outer.rollback()
    print("done")
