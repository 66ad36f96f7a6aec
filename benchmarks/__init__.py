"""How fast is it, next to what? ``python -m benchmarks`` prints one table of ratios, each measured in one run.

From the root of the checkout, with the package installed:

    pip install -e . "parliament>=1.6.4,<2" "setuptools<81"
    python -m benchmarks --with-simulator            (a few minutes; --quick is shorter)
    python -m benchmarks --with-simulator --write    (keeps the table in benchmarks/RESULTS.md)

parliament and the simulator are optional: a row says so where one of them is not there.

documents.py    what is measured: the vendor's example, larger policies, thousands of generated ones, hostile ones
dumps_and_plans.py  account dumps and plans of any size
ours.py         the three ways in which the package answers the 45 permissions
measure.py      two things in turn, round by round; the only place that looks at a clock
table.py        a row, and the table as text and as Markdown
machine.py      on what was measured: the machine and the versions
against_*.py    the rows, by what we are held against; growth.py, hostile.py, startup.py: against ourselves;
                large_files.py: dumps and plans, against json.loads; reports.py: the report formats
simulator/      talks to simulator.mjs, the program that runs @cloud-copilot/iam-simulate (never part of this one)
"""
