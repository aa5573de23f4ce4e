"""What is said about posts, their rules, types of certificates, and numbers that name somebody."""

TEXTS: dict[str, tuple[str, str]] = {
    "effective_too_early": ("岗位规则最早可自 {earliest} 起生效。", "A rule begins on {earliest} at the earliest."),
    "category_within_month": (
        "考勤按月初的人员类别统计，类别只能自某月一日起变更。",
        "Months are counted by the category of their first day: another category begins with a month.",
    ),
    "category_known": ("人员类别只能是 1（一类）或 2（二类）。", "A category is 1 or 2."),
    "consent_below_limit": (
        "经书面同意可同时任职的项目数不得少于无需同意的项目数。",
        "The number of projects with consent must not be lower than the number without.",
    ),
    "bands_not_ascending": (
        "配备标准的规模档次必须由小到大，且只有最后一档可以不设上限。",
        "The bands must ascend by size, and only the last may be without end.",
    ),
    "bad_check_character": (
        "校验码错误，按前面各位计算应为 {expected}。",
        "The check character is wrong: the characters before it give {expected}.",
    ),
    "bad_birth_date": ("证件号码中的出生日期不存在。", "The date of birth in the number does not exist."),
    "old_document_number": (
        "这是 15 位的旧身份证号码，请填写 18 位公民身份号码。",
        "This is an old number of 15 digits: enter the one of 18 characters, please.",
    ),
    "bad_code": (
        "编码须以小写字母开头，只含小写字母、数字和下划线。",
        "A code begins with a small letter and has small letters, digits and _ only.",
    ),
    "registry_said_otherwise": (
        "发证登记系统已认定该证书非有效状态，只有监督机构或市级可恢复为有效。",
        "The registry says it is not valid: only a supervising body or the city sets it back to valid.",
    ),
    "pattern_unreadable": ("不是有效的正则表达式。", "This is not a regular expression."),
    "pattern_too_open": (
        "正则表达式过于复杂：不得对分组使用重复、环视或反向引用，重复与多选合计不得超过 4 处。",
        "The pattern is too open: no repeated group, look-around or reference back, at most 4 repetitions and choices.",
    ),
}
