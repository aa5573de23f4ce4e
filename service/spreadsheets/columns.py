"""What a column is: the field it fills, its names, how it is read and explained; and the words that cells may hold."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.domain.certificates import CertificateStatus
from service.domain.identifiers import DocumentKind
from service.domain.roster import Basis
from service.domain.sites import ProjectKind, ProjectState


class Reads(StrEnum):
    """How a cell of the column is read."""

    TEXT = "text"
    #: Digits that are a name and no quantity, put right by `identifiers.compact`.
    IDENTIFIER = "identifier"
    #: A number as its issuer writes it, brackets and hyphens included.
    NUMBER = "number"
    DAY = "day"
    MEASURE = "measure"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a kind of spreadsheet; `field` is the path of the record's field, as in `document.number`."""

    field: str
    zh: str
    en: str
    reads: Reads = Reads.TEXT
    required: bool = False
    example: str = ""
    #: What to know about it, in Chinese and English.
    note: tuple[str, str] = ("", "")
    #: Other headers people use for it.
    also: tuple[str, ...] = ()
    #: Whose words its cells hold.
    words: str | None = None
    #: The longest text.
    most: int = 200

    @property
    def headers(self) -> set[str]:
        """All headers it is known by, normalised."""
        return {normal(name) for name in (self.field, self.zh, self.en, *self.also)}


_MARKS = re.compile(r"[\s*:_\-()\[\]{}<>【】《》〔〕「」.。、]+")
_ASKED = re.compile(r"(必填|选填|可选|required|optional)$")


def normal(text: str) -> str:
    """A header or word without what people add to it: blanks, stars, brackets, capitals, wide letters, 必填."""
    return _ASKED.sub("", _MARKS.sub("", unicodedata.normalize("NFKC", text)).casefold())


#: A code of ours by each word for it, normalised; more than one code where a name has several bearers.
Words = Mapping[str, Mapping[str, frozenset[str]]]

#: The choices of a fixed list: the first name is the one offered.
CHOICES: dict[str, dict[StrEnum, tuple[str, ...]]] = {
    "document_kind": {
        DocumentKind.RESIDENT_ID: ("居民身份证", "身份证", "二代身份证", "resident identity card", "id card"),
        DocumentKind.PASSPORT: ("护照", "外国人护照"),
        DocumentKind.PERMIT: ("通行证", "港澳台居民居住证", "港澳居民来往内地通行证", "台湾居民来往大陆通行证"),
    },
    "project_kind": {
        ProjectKind.BUILDING: ("房屋建筑", "房建", "房屋建筑工程"),
        ProjectKind.FIT_OUT: ("装修", "装饰装修", "装修工程", "fit-out"),
        ProjectKind.MUNICIPAL: ("市政", "市政工程", "市政基础设施"),
    },
    "project_state": {
        ProjectState.PLANNED: ("未开工", "筹备"),
        ProjectState.ACTIVE: ("在建", "施工中"),
        ProjectState.STOPPED: ("停工",),
        ProjectState.COMPLETED: ("竣工", "完工"),
    },
    "certificate_status": {
        CertificateStatus.VALID: ("有效", "正常"),
        CertificateStatus.SUSPENDED: ("暂停", "暂扣", "停用"),
        CertificateStatus.REVOKED: ("吊销", "撤销"),
        CertificateStatus.CANCELLED: ("注销",),
    },
    "basis": {
        Basis.FILING: ("报建", "备案", "报建备案"),
        Basis.CONTRACT: ("合同",),
        Basis.APPOINTMENT: ("任命", "任命书"),
    },
}


def words_of(names: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """Codes with their names as words; the code is a word for itself, whoever else bears its name."""
    found: dict[str, frozenset[str]] = {}
    for code, spoken in names.items():
        for word in {normal(name) for name in spoken if name}:
            found[word] = found.get(word, frozenset()) | {code}
    return found | {normal(code): frozenset({code}) for code in names}


FIXED_WORDS: Words = {name: words_of({str(k): v for k, v in choices.items()}) for name, choices in CHOICES.items()}
