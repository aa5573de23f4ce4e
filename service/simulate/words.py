"""Names of people, enterprises and projects, as common in a simulated city as they are in a real one."""

from random import Random

from service.domain.sites import ProjectKind, UnitRoleKind

# The hundred surnames that some 85 % bear, the most frequent first; shares fall about as the rank's root.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
SURNAME_WEIGHTS = [1 / (rank + 3) for rank in range(len(SURNAMES))]
MALE = "伟强磊军勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林栋峰建国志文海庆东晨亮成康毅兴荣家豪"
FEMALE = "芳娜敏静秀丽艳娟霞燕玲桂英梅红洁婷雪慧莹琳萍云倩蓉琴欣怡颖佳璐瑶晶春菊兰凤"
FOREIGN = ("田中健一", "佐藤诚", "金民俊", "朴志勋", "JAMES WALKER", "THOMAS MEYER", "PIERRE LAURENT", "MARCO ROSSI")
# Of a hundred key people so many are women.
WOMEN = 14

BRANDS = "申华隆泰宏远恒信中建浦江东方瑞安鼎盛嘉城同济大地润诚永固三联新港天润金桥长江海博众合立信宝冶"
TRADES = {
    UnitRoleKind.CLIENT: ("置业", "房地产开发", "城市建设投资", "产业园区开发", "资产管理"),
    UnitRoleKind.CONTRACTOR: ("建工", "建筑工程", "市政工程", "建设集团", "机电安装", "建筑装饰"),
    UnitRoleKind.SUPERVISION: ("工程监理", "建设工程咨询", "项目管理", "工程管理咨询"),
}
ROADS = (
    "张江", "金桥", "川沙", "周浦", "莘庄", "七宝", "九亭", "泗泾", "安亭", "南翔", "顾村", "大场", "桃浦", "真如",
    "北新泾", "徐泾", "赵巷", "南桥", "奉浦", "海湾", "石化", "亭林", "城桥", "堡镇", "五角场", "新江湾", "北外滩",
    "苏河湾", "漕河泾", "龙华", "外高桥", "三林",
)  # fmt: skip
WORKS = {
    ProjectKind.BUILDING: (
        "商品住宅项目",
        "保障房项目",
        "办公楼新建工程",
        "小学新建工程",
        "标准厂房项目",
        "医院迁建工程",
    ),
    ProjectKind.FIT_OUT: ("商业综合体装修工程", "办公楼内装修工程", "酒店改造装修工程", "教学楼修缮工程"),
    ProjectKind.MUNICIPAL: ("道路改建工程", "雨污水管网工程", "跨河桥梁工程", "泵站新建工程", "综合管廊工程"),
}


def person_name(chance: Random, *, woman: bool) -> str:
    """A surname by its frequency and a given name of one or two characters."""
    given = FEMALE if woman else MALE
    length = 2 if chance.random() < 0.8 else 1
    return chance.choices(SURNAMES, SURNAME_WEIGHTS)[0] + "".join(chance.sample(given, length))


def unit_name(chance: Random, role: UnitRoleKind) -> str:
    """What an enterprise of this trade may be called."""
    return f"上海{''.join(chance.sample(BRANDS, 2))}{chance.choice(TRADES[role])}有限公司"


def project_name(chance: Random, district: str, kind: ProjectKind) -> str:
    """Where it is, which plot, and what is built."""
    plot = f"{chance.choice(ROADS)}{chance.randint(1, 48)}-{chance.randint(1, 30):02d}地块"
    return f"{district}{plot}{chance.choice(WORKS[kind])}"
