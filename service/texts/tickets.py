"""What is said about tickets, their acts and the inbox."""

TEXTS: dict[str, tuple[str, str]] = {
    # Refusals.
    "act_of_others": ("您在此派单中的角色不能办理该操作。", "This act is not for your role on this ticket."),
    "note_needed": ("请填写说明。", "Say in a note what was done or why."),
    "appeal_open": ("有未答复的申诉，请先答复。", "There is an appeal: answer it first."),
    "findings_open": (
        "仍有问题未消除，须由数据证明已整改，不能核查通过。",
        "Some of its findings still stand: data has to prove them put right before it can pass.",
    ),
    # Notices, by what happened or else by the state it led to.
    "ticket_dispatched": (
        "{project}：收到派单 {number}，请签收，最迟于 {until} 当日完成整改。",
        "{project}: ticket {number} was sent to you. Acknowledge it and put it right by {until}.",
    ),
    "ticket_join": (
        "{project}：派单 {number} 新增了问题，请查看；最迟于 {until} 当日完成整改。",
        "{project}: more was found and joined ticket {number}. Look at it, and put it right by {until}.",
    ),
    "ticket_checking": (
        "{project}：请核查派单 {number}，最迟于 {until} 当日办理。",
        "{project}: ticket {number} waits for your check, by {until}.",
    ),
    "ticket_observing": (
        "{project}：派单 {number} 进入观察期，由后续应到岗日的考勤数据证明整改效果。",
        "{project}: ticket {number} is under observation: the attendance of the coming due days has to prove it.",
    ),
    "ticket_lapse": (
        "{project}：派单 {number} 观察期满，数据仍不能证明整改效果，请核查，最迟于 {until} 当日办理。",
        "{project}: the observation of ticket {number} ran out without proof. Check it by {until}.",
    ),
    "ticket_sent_back": (
        (
            "{project}：派单 {number} 核查不通过，重新整改，期限 {until}；核查意见和依据见派单。"
            "请企业最迟于 {urge_until} 当日督促。"
        ),
        (
            "{project}: ticket {number} did not pass the check. Put it right again by {until}; opinion and regulation "
            "stand in the ticket. The enterprise has to urge it by {urge_until}."
        ),
    ),
    "ticket_transferred": (
        "{project}：派单 {number} 核查不通过，已转派监督机构。",
        "{project}: ticket {number} did not pass the check and went to the supervising body.",
    ),
    "ticket_passed": ("{project}：派单 {number} 核查通过。", "{project}: ticket {number} passed the check."),
    "ticket_closed": (
        "{project}：派单 {number} 已由监督机构办结。",
        "{project}: the supervising body closed ticket {number}.",
    ),
    "ticket_withdrawn": ("{project}：派单 {number} 已撤回。", "{project}: ticket {number} was withdrawn."),
    "ticket_remind": (
        "{project}：派单 {number} 下发后一直未签收，请督促项目部。",
        "{project}: nobody acknowledged ticket {number} in time. Please see to it.",
    ),
    "ticket_urge": (
        "{project}：企业已督促派单 {number}，最迟于 {until} 当日完成整改。",
        "{project}: the enterprise urges ticket {number}. Put it right by {until}.",
    ),
    "ticket_urge_late": (
        "{project}：派单 {number} 重新整改后，企业未按期督促。",
        "{project}: the enterprise did not urge ticket {number} in time.",
    ),
    "ticket_pass_to_body": (
        "{project}：派单 {number} 逾期未核查，转由监督机构核查，期限 {until}。",
        "{project}: nobody checked ticket {number} in time. The body checks it now, by {until}.",
    ),
    "ticket_pass_to_head": (
        "{project}：派单 {number} 逾期未办，请督办。",
        "{project}: ticket {number} was left lying. Please see to it.",
    ),
    "ticket_interview": (
        "{project}：派单 {number}，监督机构约谈。",
        "{project}: the body calls you in on ticket {number}.",
    ),
    "ticket_order_correction": (
        "{project}：派单 {number}，监督机构责令改正。",
        "{project}: the body orders correction on ticket {number}.",
    ),
    "ticket_propose_points": (
        "{project}：派单 {number}，监督机构建议记分。",
        "{project}: the body proposes credit points on ticket {number}.",
    ),
    "ticket_reply": ("{project}：派单 {number}，项目部已答复。", "{project}: the team replied on ticket {number}."),
    "ticket_appeal": ("{project}：派单 {number} 有申诉，请处理。", "{project}: there is an appeal on ticket {number}."),
    "ticket_deny_appeal": (
        "{project}：派单 {number} 的申诉已驳回，整改期限不变。",
        "{project}: the appeal on ticket {number} was denied; the time limits stand.",
    ),
    # Regulations told with a ticket that is sent back: what they come to, in our words.
    "regulation_staff_construction": (
        (
            "《上海市建设工程质量和安全管理条例》第二十八条（要点，以官方文本为准）：施工单位应当按照合同约定配备项目负责人、"
            "技术负责人、专职质量和安全管理人员，不得擅自更换。"
        ),
        (
            "Shanghai regulation on construction quality and safety, art. 28 (in short; the official text holds): the "
            "construction unit staffs the project manager, the technical lead and full-time quality and safety "
            "officers as the contract says, and replaces nobody without consent."
        ),
    ),
    "regulation_staff_supervision": (
        (
            "《上海市建设工程质量和安全管理条例》第四十三条（要点，以官方文本为准）：监理单位应当按照合同约定配备总监理工程师、"
            "专业监理工程师和监理员。"
        ),
        (
            "Shanghai regulation on construction quality and safety, art. 43 (in short; the official text holds): the "
            "supervision unit staffs chief engineer, supervision engineers and supervisors as the contract says."
        ),
    ),
    "regulation_duty_project_manager": (
        (
            "建质〔2011〕111号《建筑施工企业负责人及项目负责人施工现场带班暂行办法》（要点，据转载，以官方文本为准）：项目负责人"
            "每月带班生产时间不得少于本月施工时间的80%。"
        ),
        (
            "建质〔2011〕111号 on leaders on duty at sites (in short, known from copies; the official text holds): a "
            "project manager is on duty for at least 80 % of the month's construction time."
        ),
    ),
    "regulation_certificates": (
        (
            "《上海市建设工程质量和安全管理条例》第六条（要点，以官方文本为准）：注册执业人员不得同时在两个以上单位执业，"
            "其他技术、管理人员应当取得岗位证书。"
        ),
        (
            "Shanghai regulation on construction quality and safety, art. 6 (in short; the official text holds): a "
            "registered professional practises in one unit only, other technical and management staff hold the "
            "certificate of their post."
        ),
    ),
}
