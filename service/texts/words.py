"""The names of states, acts, clocks and averages in Chinese and English, and what they mean."""

Pair = tuple[str, str]

#: Of a ticket: its name, and what it means.
STATES: dict[str, tuple[Pair, Pair]] = {
    "dispatched": (("已派单", "dispatched"), ("已下发项目部，待签收", "sent to the team, nobody acknowledged it yet")),
    "acknowledged": (("已签收", "acknowledged"), ("项目部已知悉", "the team knows of it")),
    "rectifying": (("整改中", "rectifying"), ("项目部正在整改", "the team is at work on it")),
    "submitted": (
        ("已提交", "submitted"),
        ("整改结果已提交，随即转核查", "the answer is in and goes to the check at once"),
    ),
    "checking": (
        ("核查中", "checking"),
        (
            "由核查人核查；核查人逾期、空缺或与本人有关时，由监督机构核查",
            "the verifier checks it, or the body where he is late, missing or concerned himself",
        ),
    ),
    "observing": (
        ("观察中", "observing"),
        ("由后续应到岗日的考勤证明整改效果", "the attendance of the coming due days has to prove it"),
    ),
    "sent_back": (
        ("重新整改", "sent back"),
        ("核查不通过，退回项目部，企业督促", "not good enough: again, urged by the enterprise"),
    ),
    "transferred": (
        ("已转派", "transferred"),
        ("逾期未整改、拒不整改或再次核查不通过，由监督机构办理", "late, refused or failed again: the body sees to it"),
    ),
    "passed": (("核查通过", "passed"), ("终态：问题已解决", "an end: it was put right")),
    "closed": (("已办结", "closed"), ("终态：由监督机构办结", "an end: the body closed it")),
    "withdrawn": (
        ("已撤回", "withdrawn"),
        ("终态：派单不成立，或问题已自行消除", "an end: there was no fault, or it is gone"),
    ),
}

#: Of a ticket: what people do, then what the program does.
ACTS: dict[str, Pair] = {
    "acknowledge": ("签收", "acknowledge"),
    "start": ("开始整改", "start"),
    "submit": ("提交整改", "submit"),
    "urge": ("督促", "urge"),
    "pass": ("核查通过", "pass"),
    "send_back": ("退回", "send back"),
    "observe": ("转观察", "observe"),
    "transfer": ("转派", "transfer"),
    "interview": ("约谈", "interview"),
    "order_correction": ("责令改正", "order correction"),
    "propose_points": ("建议记分", "propose points"),
    "reply": ("答复", "reply"),
    "close": ("办结", "close"),
    "withdraw": ("撤回", "withdraw"),
    "appeal": ("申诉", "appeal"),
    "grant_appeal": ("申诉成立", "grant appeal"),
    "deny_appeal": ("驳回申诉", "deny appeal"),
    "dispatch": ("派单", "dispatch"),
    "check": ("转核查", "check"),
    "keep": ("达标", "keep"),
    "fail": ("未达标", "fail"),
    "expire": ("逾期", "expire"),
    "remind": ("签收提醒", "remind"),
    "urge_late": ("企业未督促", "urging is late"),
    "pass_to_body": ("转监督机构核查", "pass to the body"),
    "pass_to_head": ("报负责人督办", "pass to the head"),
    "clear": ("自动销项", "clear"),
    "join": ("新增问题", "join"),
    "lapse": ("期满", "lapse"),
}

CLOCKS: dict[str, Pair] = {
    "remind": ("签收提醒", "reminder"),
    "rectify": ("整改期限", "time to put it right"),
    "check": ("转核查", "on to the check"),
    "urge": ("企业督促期限", "time to urge"),
    "checking": ("核查人核查期限", "time of the verifier"),
    "body": ("监督机构核查期限", "time of the body"),
    "observing": ("每日查看", "daily look"),
    "lapse": ("观察期限", "time of observation"),
    "transferred": ("监督机构办理期限", "time of the body after a transfer"),
}

PARTIES: dict[str, Pair] = {
    "addressee": ("责任项目部", "the team"),
    "verifier": ("核查人", "the verifier"),
    "enterprise": ("企业", "the team's enterprise"),
    "body": ("监督机构", "the body"),
    "head": ("监督机构负责人", "the head of the body"),
    "city": ("市级管理人员", "the city, for the body"),
    "copy": ("抄送", "who gets a copy"),
    "checker": ("核查方", "the checker"),
    "program": ("系统", "the program"),
}

KINDS: dict[str, Pair] = {
    "attendance": ("考勤", "attendance"),
    "certificate": ("证书", "certificate"),
    "identity": ("人证不符", "identity"),
}

LOOPS: dict[str, tuple[Pair, Pair]] = {
    "small": (("小闭环", "small loop"), ("首次核查即通过", "passed at the first check")),
    "medium": (
        ("中闭环", "medium loop"),
        ("退回后通过，或由监督机构办结", "passed after it was sent back, or closed by the body"),
    ),
}
LABELS: dict[str, tuple[Pair, Pair]] = {
    "check_passed": (("核查通过", "check passed"), ("核查通过时", "when it passes")),
    "check_failed_rework": (("核查不通过，重新整改", "check failed, rework"), ("退回时", "when it is sent back")),
    "check_failed_transferred": (
        ("核查不通过，转派监督机构", "check failed, transferred to the body"),
        ("转派时", "when it is transferred"),
    ),
}

#: Of roster lines and stop-works, whose names the glossary explains.
OTHER_STATES: dict[str, str] = {
    "draft": "草拟", "submitted": "已提交", "returned": "已退回", "in_force": "生效", "ended": "已结束",
    "proposed": "已提出", "approved": "已批准", "refused": "不批准", "withdrawn": "已撤回",
}  # fmt: skip
OTHER_ACTS: dict[str, str] = {
    "submit": "提交", "return": "退回", "approve": "批准", "end": "结束", "refuse": "不批准", "withdraw": "撤回",
}  # fmt: skip

#: Of a challenge: what is said to the person, whose own left and right are meant.
TURNS: dict[str, Pair] = {
    "front": ("请正对镜头", "Face the camera"),
    "left": ("请向您的左侧转头约30度", "Turn your head about 30 degrees to your left"),
    "right": ("请向您的右侧转头约30度", "Turn your head about 30 degrees to your right"),
}

#: Of rates: the two averages, which are never mixed.
AVERAGES: dict[str, Pair] = {
    "over_projects": ("按项目平均到岗率", "average over projects"),
    "over_person_days": ("按人日平均到岗率", "average over person-days"),
}
