"""What is said about other systems and their records."""

TEXTS: dict[str, tuple[str, str]] = {
    "unmapped": (
        "“{word}”（{thing}）没有对应关系，请先维护键值映射。",
        "Nobody has said yet what “{word}” ({thing}) is here: add a key mapping.",
    ),
    "older_than_known": (
        "同一键值已有更新的记录，本条未采用。",
        "A newer record of this key is known: this one was not taken.",
    ),
    "key_moved": (
        "该键值的编号已变更，且新旧编号均已存在：按新编号采用，旧编号的记录不再得到确认，请核对是否重复。",
        (
            "The record of this key has another number, and both exist here: the new one was taken, the old row is not "
            "confirmed any more. See whether one of them is superfluous."
        ),
    ),
    "kept_by_runs": (
        "“{thing}”的对应关系由同步自动维护，不能手工录入。",
        "Mappings of {thing} are kept by synchronisation and cannot be entered.",
    ),
    "about_another_person": (
        "登记系统的答复涉及另一个人，未予采用。",
        "The registry answered about another person: nothing was taken.",
    ),
    "registry_unavailable": (
        "登记系统暂时无法查询（{failure}），请稍后再试。",
        "The registry cannot be asked now ({failure}): try again later.",
    ),
    "source_not_connected": ("对方系统尚未接入。", "The other system is not connected."),
    "source_unavailable": ("对方系统没有应答。", "The other system did not answer."),
    "source_unreadable": ("对方系统的答复无法读取。", "The answer of the other system could not be read."),
    "source_refused_us": ("对方系统拒绝了访问，请检查令牌。", "The other system refused us: check the token."),
    "source_other_contract": (
        "对方系统与约定的接口不符。",
        "The other system does not speak the agreed contract.",
    ),
    "source_repeats": ("对方系统反复返回同一页。", "The other system leads back to pages it told already."),
    "source_too_large": ("对方系统的答复过大。", "The answer of the other system is too large."),
    "sync_running": ("该系统的同步正在进行。", "A synchronisation with this system is under way."),
}
