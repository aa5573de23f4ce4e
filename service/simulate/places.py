"""Where things are and who looks after them: districts, their stations, committees, and how much is built there."""

from dataclasses import dataclass

from service.domain.sites import BodyKind

#: District: its name, and how many of a hundred projects are there.
DISTRICTS = {
    "310101": ("黄浦区", 3), "310104": ("徐汇区", 5), "310105": ("长宁区", 3), "310106": ("静安区", 4),
    "310107": ("普陀区", 4), "310109": ("虹口区", 3), "310110": ("杨浦区", 4), "310112": ("闵行区", 10),
    "310113": ("宝山区", 8), "310114": ("嘉定区", 8), "310115": ("浦东新区", 23), "310116": ("金山区", 4),
    "310117": ("松江区", 8), "310118": ("青浦区", 6), "310120": ("奉贤区", 6), "310151": ("崇明区", 1),
}  # fmt: skip
#: Of a hundred projects so many are looked after by the city station, and by a committee where there is one.
CITY_SHARE, COMMITTEE_SHARE = 4, 20


@dataclass(frozen=True, slots=True)
class Body:
    """A supervising body as it will be entered."""

    code: str
    name: str
    kind: BodyKind
    district: str | None = None


COMMITTEES = (
    Body("lingang", "临港新片区建设工程安全质量监督中心", BodyKind.COMMITTEE, "310115"),
    Body("resort", "国际旅游度假区建设工程安全质量监督中心", BodyKind.COMMITTEE, "310115"),
    Body("hongqiao", "虹桥商务区建设工程安全质量监督中心", BodyKind.COMMITTEE, "310112"),
    Body("chemical", "化学工业区建设工程安全质量监督中心", BodyKind.COMMITTEE, "310116"),
    Body("changxing", "长兴岛建设工程安全质量监督中心", BodyKind.COMMITTEE, "310151"),
)
CITY_STATION = Body("city", "上海市建设工程安全质量监督总站", BodyKind.CITY_STATION)
STATIONS = tuple(
    Body(code, f"{name}建设工程安全质量监督站", BodyKind.STATION, code) for code, (name, _) in DISTRICTS.items()
)
BODIES = (*STATIONS, *COMMITTEES, CITY_STATION)
