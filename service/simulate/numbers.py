"""Numbers that check and belong to nobody we know: documents, phones, credit codes, permits, certificates, ids."""

from collections import Counter
from datetime import date, timedelta
from itertools import count
from random import Random
from uuid import UUID

from stdnum.cn import ric, uscc

# Area codes of counties that most who work on Shanghai's sites come from, Shanghai's own first.
SHANGHAI_AREAS = ("310101", "310104", "310107", "310109", "310110", "310112", "310113", "310115", "310117", "310226")
OTHER_AREAS = (
    "320106", "320621", "320623", "320684", "320902", "321023", "330106", "330226", "330621", "340123",
    "340822", "341221", "341523", "350102", "350526", "360121", "362202", "370102", "370829", "410122",
    "412723", "420106", "421083", "430104", "430522", "440106", "500112", "510107", "511025", "610113",
)  # fmt: skip
# Of a hundred so many have a number of Shanghai.
LOCALS = 30
YOUNGEST, OLDEST = 22, 62
CODE_SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PHONES = ("130", "133", "135", "136", "137", "138", "139", "150", "151", "158", "159", "177", "180", "186", "189")
#: What the numbers of each type look like; the serial makes them one of a kind.
CERTIFICATE_NUMBERS = {
    "constructor_1": "沪131{year}{serial:08d}",
    "constructor_2": "沪231{year}{serial:08d}",
    "safety_b": "沪建安B({year}){serial:07d}",
    "safety_c1": "沪建安C1({year}){serial:07d}",
    "safety_c2": "沪建安C2({year}){serial:07d}",
    "safety_c3": "沪建安C3({year}){serial:07d}",
    "registered_supervision_engineer": "31{serial:08d}",
}


class Numbers:
    """Gives every number once, always the same in the same order of asking."""

    def __init__(self, chance: Random, today: date, first: int = 1) -> None:
        self._chance = chance
        self._today = today
        self._ids, self._serials = count(first), count(first)
        self._stems: set[str] = set()
        self._permits: Counter[str] = Counter()

    def new_id(self) -> UUID:
        """A UUID of version 7 of this day: ids of one giver sort in the order in which they were given."""
        serial = next(self._ids) << 42 | self._chance.getrandbits(42)
        milliseconds = (self._today - date(1970, 1, 1)) // timedelta(milliseconds=1)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | serial >> 62 << 64 | 0b10 << 62 | serial & (1 << 62) - 1)

    def resident_id(self, *, woman: bool) -> str:
        """18 characters (GB 11643-1999) of somebody between 22 and 62 years old."""
        areas = SHANGHAI_AREAS if self._chance.randrange(100) < LOCALS else OTHER_AREAS
        while True:
            days = self._chance.randint(YOUNGEST * 366, OLDEST * 365)
            # The last digit of the sequence is odd for men.
            sequence = self._chance.randrange(0, 500) * 2 + (not woman)
            stem = f"{self._chance.choice(areas)}{self._today - timedelta(days=days):%Y%m%d}{sequence:03d}"
            if stem not in self._stems:
                self._stems.add(stem)
                return stem + str(ric.calc_check_digit(f"{stem}0"))

    def passport(self) -> str:
        """A letter and eight digits, as several states print it."""
        return f"{self._chance.choice('CEGKLM')}{next(self._serials):08d}"

    def phone(self) -> str:
        """A mobile number of eleven digits."""
        return f"{self._chance.choice(PHONES)}{self._chance.randrange(10**8):08d}"

    def credit_code(self) -> str:
        """18 characters (GB 32100-2015) of an enterprise of Shanghai."""
        symbols = "".join(self._chance.choices(CODE_SYMBOLS, k=2))
        stem = f"91{self._chance.choice(SHANGHAI_AREAS)}MA{symbols}{next(self._serials):05d}"
        return stem + str(uscc.calc_check_digit(stem))

    def permit(self, district: str, issued_on: date) -> str:
        """18 digits: where, when, which of that day, and what kind of works."""
        of_the_day = f"{district}{issued_on:%Y%m%d}"
        self._permits[of_the_day] += 1
        return f"{of_the_day}{self._permits[of_the_day]:02d}01"

    def filing(self, district: str, filed_on: date) -> str:
        """A filing's number; its real form is not public."""
        return f"{filed_on:%y}{district[2:]}D{next(self._serials):07d}"

    def certificate(self, type_code: str, issued_on: date) -> str:
        """A number as certificates of the type bear it; a type of the city's own gets a plain one."""
        form = CERTIFICATE_NUMBERS.get(type_code, "{year}{serial:08d}")
        return form.format(year=issued_on.year, serial=next(self._serials))
