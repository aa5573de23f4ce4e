"""What is said about records of spreadsheets and other systems that were not taken."""

TEXTS: dict[str, tuple[str, str]] = {
    "unknown_person": (
        "人员库中没有该证件号码，请先登记人员。",
        "Nobody is registered under this number: register him first.",
    ),
    "repeated_otherwise": (
        "与前面一条记录指同一事项，但内容不一致。",
        "An earlier record is about the same thing and says otherwise.",
    ),
    "certificate_of_other": ("该证书编号已登记在他人名下。", "This certificate is registered as somebody else's."),
}
