"""What is said about attendance, stop-work, certificates and findings."""

TEXTS: dict[str, tuple[str, str]] = {
    # The calendar and certificates.
    "year_not_known": ("尚不掌握 {year} 年的放假安排。", "The holidays of {year} are not known yet."),
    "validity_in_order": ("有效期止早于有效期起。", "The last day of validity lies before the first."),
    # Why a day is what it is.
    "no_punch_counts": ("当日没有计入考勤的打卡（需 {needed} 次）。", "No check-in counts that day ({needed} needed)."),
    "too_few_punches": (
        "当日有效打卡 {punches} 次，需 {needed} 次。",
        "{punches} check-ins count, {needed} are needed.",
    ),
    "gap_too_short": (
        "首末次打卡间隔 {minutes} 分钟，需不少于 {needed} 分钟。",
        "{minutes} minutes between the first and the last check-in, {needed} are needed.",
    ),
    "check_in_undecided": (
        "有 {check_ins} 次打卡尚未作出结论，当日暂不计入。",
        "{check_ins} check-ins are not decided yet: the day is left aside for now.",
    ),
    "check_ins_refused": ("有 {check_ins} 次打卡未通过。", "{check_ins} check-ins were refused."),
    "check_ins_not_counted": (
        "有 {check_ins} 次打卡不计入考勤（{reason}）。",
        "{check_ins} check-ins do not count ({reason}).",
    ),
    "counting_not_begun": (
        "该项目自 {counting_from} 起考核。",
        "Attendance on this project is due from {counting_from} on.",
    ),
    "day_not_over": ("当日尚未结束。", "The day is not over."),
    "post_not_held": ("当日不在该岗位任职。", "Not on this post that day."),
    "post_held": ("当日该岗位有人任职。", "Somebody holds the post that day."),
    "post_not_required": ("该岗位当日不是必配岗位。", "The post is not required that day."),
    "post_vacant": ("必配岗位空缺，按缺勤计。", "A required post that nobody holds: it counts as absent."),
    # Months and rates.
    "month_not_begun": (
        "{month} 尚未开始，当前月份为 {current}。",
        "{month} has not begun; the present month is {current}.",
    ),
    "scope_needed": ("请指定监督机构或项目。", "Name a supervising body or a project."),
    "counting_in_the_past": (
        "起算日不能早于今天（{today}）。",
        "Attendance cannot be due on days before today ({today}).",
    ),
    # Stop-work.
    "stop_work_overlaps": (
        "与已申报或已批准的停工（{other_starts_on} 至 {other_ends_on}）重叠。",
        "It overlaps a stop-work that is proposed or approved ({other_starts_on} to {other_ends_on}).",
    ),
    "stop_work_backdated": (
        "项目部不能补报、补批或追溯更改已过日期的停工，请联系监督机构。",
        "A site cannot decide about stop-work on days that are past; the body can.",
    ),
    "stop_work_of_body": (
        "监督机构提出或批准的停工，只能由监督机构变更。",
        "The body ordered or approved this stop-work, so only the body changes it.",
    ),
    "stop_work_needs_body": (
        (
            "停工 {days} 天（当月合计 {month_days} 天）超过上限（{limit_days} 天，每月 {month_limit_days} 天），"
            "须由监督机构批准。"
        ),
        (
            "{days} days of stop-work ({month_days} in one month) are more than a site may decide ({limit_days}, "
            "{month_limit_days} a month): the body approves it."
        ),
    ),
}
