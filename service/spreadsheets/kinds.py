"""The columns of each kind of spreadsheet, in the order in which a template shows them."""

from service.domain.exchange import Things
from service.spreadsheets.columns import Column, Reads

ID, N, D, M, W = Reads.IDENTIFIER, Reads.NUMBER, Reads.DAY, Reads.MEASURE, Reads.WORD
_DAY = ("日期，如 2026-03-01", "a day, as in 2026-03-01")
_KNOWN = ("在系统中已登记的名称或代码", "a name or code that is known here")

#: Who is meant. The number is one that no person has: its district code does not exist.
PERSON = (
    Column("document.name", "姓名", "Name", required=True, example="张三", also=("人员姓名", "name"), most=60),
    Column(
        "document.kind", "证件类型", "Document type", W, example="居民身份证", words="document_kind",
        note=("不填为居民身份证", "the resident identity card if left empty"), also=("证件种类",),
    ),
    Column(
        "document.number", "证件号码", "Document number", ID, required=True, example="999999199001010016",
        note=("身份证为 18 位，请以文本格式填写", "18 characters for an identity card; keep the cell a text"),
        also=("身份证号", "身份证号码", "公民身份号码", "证件号", "ID number"), most=40,
    ),
)  # fmt: skip
FILING = Column(
    "filing_number", "报建编号", "Filing number", N, required=True, example="2601PD0001",
    note=("项目报建时的编号", "the number of the project's filing"), also=("报建号", "报建备案编号"), most=60,
)  # fmt: skip
POST = Column(
    "post_code", "岗位", "Post", W, required=True, example="项目负责人", words="post", note=_KNOWN,
    also=("岗位名称", "职务"),
)  # fmt: skip


def _unit(
    field: str, zh: str, en: str, also: tuple[str, ...] = (), codes: tuple[str, ...] = ()
) -> tuple[Column, Column]:
    note = ("填写单位时必填", "needed where a unit is named")
    code = f"{zh}信用代码" if zh != "单位" else "统一社会信用代码"
    return (
        Column(f"{field}.name", f"{zh}名称", f"{en} name", example="示范建设有限公司", also=also),
        Column(
            f"{field}.credit_code", code, f"{en} credit code", ID, example="91310000MA1FL0000N", note=note,
            also=(f"{zh}统一社会信用代码", *codes), most=40,
        ),
    )  # fmt: skip


def _day(field: str, zh: str, en: str, *also: str, required: bool = False) -> Column:
    return Column(field, zh, en, D, required=required, example="2026-03-01", note=_DAY, also=also)


COLUMNS: dict[Things, tuple[Column, ...]] = {
    Things.PEOPLE: (
        *PERSON,
        Column("phone", "手机号码", "Phone", ID, example="13800000000", also=("手机", "手机号", "联系电话"), most=40),
        *_unit("unit", "单位", "Unit", ("单位", "所属单位", "工作单位"), ("信用代码",)),
        _day("employed_from", "入职日期", "Employed from", "入职时间"),
        _day("employed_until", "离职日期", "Employed until", "离职时间"),
    ),
    Things.ROSTER: (
        FILING,
        POST,
        *PERSON,
        _day("starts_on", "任职日期", "Starts on", "到岗日期", "开始日期", "起始日期", required=True),
        _day("ends_on", "离岗日期", "Ends on", "结束日期", "截止日期"),
        Column(
            "basis", "任职依据", "Basis", W, example="报建", words="basis", also=("依据",),
            note=("不填为报建", "the filing if left empty"),
        ),
        _day("concurrent_consent_on", "兼任同意日期", "Consent to several projects on", "建设单位同意兼任日期"),
    ),
    Things.CERTIFICATES: (
        *PERSON,
        Column(
            "type_code", "证书类型", "Certificate type", W, required=True, example="安全生产考核合格证（B）",
            words="certificate_type", note=_KNOWN, also=("证书名称", "证书种类"),
        ),
        Column(
            "number", "证书编号", "Certificate number", N, required=True, example="沪建安B(2026)0000001",
            also=("证书号", "证号"), most=60,
        ),
        _day("valid_from", "有效期起", "Valid from", "发证日期", "签发日期", required=True),
        _day("valid_until", "有效期止", "Valid until", "有效期至", "有效期"),
        Column("specialty", "专业", "Specialty", example="建筑工程", also=("注册专业",), most=60),
        *_unit("unit", "注册单位", "Unit", ("聘用单位", "单位名称", "单位"), ("统一社会信用代码", "信用代码")),
        Column(
            "status", "证书状态", "Status", W, example="有效", words="certificate_status", also=("状态",),
            note=("不填为有效", "valid if left empty"),
        ),
        _day("status_from", "状态起始日期", "Status from"),
    ),
    Things.LISTS: (
        FILING,
        Column(
            "basis", "名单类别", "List", W, required=True, example="报建", words="basis", also=("依据", "basis"),
            note=("报建、合同或任命的名单", "the list of the filing, the contract or the appointment"),
        ),
        POST,
        *PERSON,
        _day("starts_on", "起始日期", "Starts on", "开始日期", "任职日期", required=True),
        _day("ends_on", "截止日期", "Ends on", "结束日期"),
        *_unit("unit", "单位", "Unit", ("单位", "所属单位"), ("信用代码",)),
    ),
    Things.PROJECTS: (
        FILING,
        Column("name", "项目名称", "Project name", required=True, example="示范路住宅项目", also=("工程名称",)),
        Column(
            "body_code", "监督机构", "Supervising body", W, required=True, example="", words="body", note=_KNOWN,
            also=("监督站", "监督机构代码"),
        ),
        Column(
            "district_code", "行政区", "District", W, required=True, example="浦东新区", words="district", note=_KNOWN,
            also=("区", "区县", "所属区", "所在区"),
        ),
        Column("address", "地址", "Address", example="示范路 1 号", also=("项目地址", "工程地址", "建设地点")),
        Column(
            "kind", "工程类别", "Project kind", W, example="房屋建筑", words="project_kind",
            also=("项目类别", "工程类型"),
        ),
        Column("area_m2", "建筑面积（平方米）", "Area (m2)", M, example="12000", also=("建筑面积", "面积", "area")),
        Column(
            "price_yuan", "合同价（元）", "Contract price (yuan)", M, example="80000000",
            note=("单位为元，不是万元", "in yuan, not in ten thousands"), also=("合同价", "工程造价（元）", "price"),
        ),
        _day("planned_from", "计划开工日期", "Planned from", "合同开工日期"),
        _day("planned_until", "计划竣工日期", "Planned until", "合同竣工日期"),
        Column(
            "state", "项目状态", "State", W, example="在建", words="project_state", also=("状态", "工程状态"),
            note=("不填为在建", "active if left empty"),
        ),
        _day("state_from_on", "状态起始日期", "State from"),
        _day("counting_from", "考勤起算日期", "Attendance counts from"),
        _day("filed_on", "报建日期", "Filed on"),
        Column("section", "标段", "Section", example="一标段", also=("标段名称",), most=60),
        Column(
            "section_group", "相邻标段组", "Group of adjacent sections", example="A", most=60,
            note=("填写相同内容的标段可共用项目部", "sections that name the same group may share a team"),
        ),
        Column("permit_number", "施工许可证号", "Permit number", N, example="", also=("施工许可证编号",), most=60),
        *_unit("client", "建设单位", "Client", ("建设单位",)),
        *_unit("contractor", "施工单位", "Contractor", ("施工单位", "总包单位", "施工总承包单位")),
        *_unit("supervision", "监理单位", "Supervision", ("监理单位",)),
    ),
}  # fmt: skip
