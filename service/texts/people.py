"""What is said about people, whom they work for, rosters and lists."""

TEXTS: dict[str, tuple[str, str]] = {
    # People.
    "bad_check_character": ("校验码不符，应为 {expected}。", "The check character should be {expected}."),
    "old_document_number": (
        "15 位旧号码已停用，请填写 18 位身份证号码。",
        "Numbers of 15 digits are no longer valid: give the one of 18.",
    ),
    "bad_birth_date": ("证件号码中的出生日期不存在。", "The date of birth in the number does not exist."),
    "birth_to_come": ("证件号码中的出生日期晚于今天。", "The date of birth in the number lies after today."),
    "resident_number": (
        "这是居民身份证号码的格式，证件类型请选居民身份证。",
        "This is a resident's number: choose resident_id as the kind of document.",
    ),
    "name_conflict": (
        "该证件号码已登记为另一姓名，未作更改。",
        "This document number is registered with another name; nothing was changed.",
    ),
    "not_employed": (
        "该人员与该单位没有劳动关系，也不在其项目部任职。",
        "He neither works for this unit nor stands on a roster of a team of it.",
    ),
    "leaves_too_late": (
        "离职日期过远，最晚为 {latest}。",
        "The last day lies too far ahead: at the latest {latest}.",
    ),
    # Rosters.
    "own_proposal": (
        "本人提出的任职须由他人审批。",
        "Whoever proposed a roster line does not approve it: another does.",
    ),
    "ends_later": (
        "结束日期只能提前，不得晚于 {ends_on}；继续任职须另行申报。",
        "A line only ends earlier than {ends_on}; whoever stays longer is proposed again.",
    ),
    "in_future": ("日期不得晚于今天。", "The day lies in the future."),
    "line_overlaps": (
        "该人员在此项目部此岗位已有日期重叠的任职（{state}）：{line}。",
        "He has a line for this post of the team on some of these days ({state}): {line}.",
    ),
    "not_replaceable": (
        "被变更的任职须为同一项目部、同一岗位上他人的生效任职。",
        "A replacement names a line in force of somebody else on the same team and post.",
    ),
    "consent_missing": (
        "变更须经建设单位同意：请上传其书面同意，或由其审批。",
        "A replacement needs the client's consent: add the scan of it, or let the client approve.",
    ),
    "qualification_lower": (
        "变更后人员的资格低于原人员，要求：{asked}。",
        "The new person is qualified lower than the one he replaces; asked for: {asked}.",
    ),
    "file_too_large": ("文件过大（上限 {limit_bytes} 字节）。", "The file is too large ({limit_bytes} bytes allowed)."),
    "not_a_scan": ("扫描件须为 JPEG、PNG 或 PDF 文件。", "A scan is a JPEG, PNG or PDF file."),
    # Projects.
    "plan_in_order": ("计划竣工日期早于计划开工日期。", "The planned end lies before the planned begin."),
}

#: What lists and roster disagree on.
DIFFERENCES: dict[str, str] = {
    "not_listed": "名单外任职",
    "not_on_roster": "名单人员未任职",
    "lists_differ": "名单之间不一致",
    "no_list": "无名单可核对",
    "same": "一致",
}

#: Why a roster line went back.
RETURN_REASONS: dict[str, tuple[str, str]] = {
    "scan_missing": ("缺少附件", "a scan is missing"),
    "scan_unreadable": ("附件不清晰", "a scan cannot be read"),
    "not_as_filed": ("与备案信息不符", "not as filed"),
    "certificate_missing": ("缺少资格证书", "a certificate is missing"),
    "dates_wrong": ("任职日期有误", "the dates are wrong"),
    "consent_missing": ("缺少建设单位同意", "the client's consent is missing"),
    "other": ("其他原因", "another reason"),
    "left_unit": ("已从该单位离职", "he left the unit"),
}
