"""What is said about projects, fences and rosters."""

TEXTS: dict[str, tuple[str, str]] = {
    # Fences.
    "fence_too_small": ("围栏过小。", "The fence is too small."),
    "fence_too_large": ("围栏过大。", "The fence is too large."),
    "fence_self_crossing": ("围栏边界自相交。", "The fence crosses itself."),
    "fence_too_few_points": ("围栏至少需要三个不同的点。", "A fence needs three different points."),
    "fence_too_many_points": ("围栏点数过多。", "The fence has too many points."),
    "fence_unknown_kind": ("未知的围栏类型。", "This kind of fence is not known."),
    "fence_not_a_number": ("围栏坐标不是有效数字。", "A number of the fence is not valid."),
    "position_outside_china": ("坐标不在中国境内。", "The position is outside China."),
}
