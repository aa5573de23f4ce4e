"""What rules find, in Chinese and English: their names, and one sentence each; `{names}` are filled from evidence."""

Pair = tuple[str, str]

#: By rule: its name, and what a finding of it says.
RULES: dict[str, tuple[Pair, Pair]] = {
    "attendance_below_threshold": (
        ("到岗率不足", "attendance below threshold"),
        (
            "当月到岗率 {rate}%，低于要求的 {threshold}%。",
            "{rate}% of the month's person-days were on duty, {threshold}% are asked.",
        ),
    ),
    "identity_confirmed": (
        ("人证不符", "identity mismatch confirmed"),
        ("经监督人员确认，打卡人不是其本人。", "An officer confirmed that somebody else checked in for this person."),
    ),
    "filing_mismatch": (
        ("与备案不符", "not as filed"),
        (
            "名单未列该人员代表所属单位任此岗位（该岗位另列有 {others} 人）。",
            "The list that binds does not name this person of this unit for the post (it names {others} others).",
        ),
    ),
    "certificate_missing": (
        ("证书缺失", "certificate missing"),
        ("无该岗位要求的证书。", "This person holds no certificate that the post asks for."),
    ),
    "certificate_wrong_type": (
        ("证书类型不符", "certificate of a wrong type"),
        (
            "所持证书的类型或专业与岗位要求不符。",
            "The certificate is of another type or specialty than the post asks for.",
        ),
    ),
    "certificate_wrong_level": (
        ("证书等级不足", "certificate of too low a level"),
        (
            "所持证书等级低于该规模项目的要求。",
            "The certificate is of a lower level than a project of this size asks for.",
        ),
    ),
    "certificate_expired": (
        ("证书过期", "certificate not in date"),
        ("证书不在有效期内。", "The certificate that would do is not in date."),
    ),
    "certificate_suspended": (
        ("证书失效", "certificate suspended, revoked or cancelled"),
        ("证书已被发证机关暂停、吊销或注销。", "Its issuer suspended, revoked or cancelled the certificate."),
    ),
    "certificate_other_unit": (
        ("证书单位不符", "certificate names another unit"),
        ("证书注册单位不是项目部所属单位。", "The certificate names another unit than the one this team belongs to."),
    ),
    "certificate_expiring": (
        ("证书临期", "certificate ends soon"),
        ("证书即将到期，请及时延续。", "The certificate ends soon: have it renewed in time."),
    ),
    "several_posts": (
        ("身兼多岗", "several posts"),
        ("同一人在本项目担任多个岗位。", "One person holds several posts of this project."),
    ),
    "several_projects": (
        ("身兼多个项目", "several projects"),
        (
            "同时在 {counted} 个项目任职，最多可任 {limit} 个。",
            "This person serves {counted} projects at once, {limit} are allowed.",
        ),
    ),
    "understaffed": (
        ("配备人员不足", "understaffed"),
        ("该岗位应配备 {needed} 人，实有 {present} 人。", "The post needs {needed} people and has {present}."),
    ),
    "post_vacant": (
        ("必配岗位空缺", "required post vacant"),
        ("必配岗位无人任职。", "Nobody holds a post that has to be filled."),
    ),
    "employed_elsewhere": (
        ("另有单位", "employed elsewhere"),
        (
            "该人员受聘于项目部所属单位以外的单位。",
            "This person works for another unit than the one the team belongs to.",
        ),
    ),
    "left_unit": (
        ("离职未退场", "left the unit"),
        (
            "该人员已于 {ended_on} 从所属单位离职，仍在册。",
            "This person left the team's unit on {ended_on} and still stands on the roster.",
        ),
    ),
}

#: Refusals.
TEXTS: dict[str, Pair] = {
    "exactly_one_needed": ("请在两种指定方式中任选其一。", "Name it in exactly one of the two ways there are."),
}

#: Why a question of eligibility is answered with no before any rule is asked.
NOBODY: dict[str, tuple[Pair, Pair]] = {
    "unknown_person": (
        ("查无此人", "unknown person"),
        ("人员库中没有该证件号码或编号。", "Nobody with this number is in the database of people."),
    ),
    "project_over": (
        ("项目已竣工", "project over"),
        ("该项目已验收合格，不再配备人员。", "The project is accepted: nobody takes a post on it any more."),
    ),
    "no_team": (
        ("无对应项目部", "no team"),
        ("该项目没有此岗位所属的项目部。", "The project has no team of the kind this post belongs to."),
    ),
}
