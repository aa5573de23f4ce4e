"""Every text a person reads, by code, in Chinese and English; `{names}` are filled from the data."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

TEXTS: dict[str, tuple[str, str]] = {
    # Reasons of a check-in.
    "outside_fence": (
        "不在工地围栏内：距边界 {distance_m} 米（定位精度 {accuracy_m} 米，允许 {margin_m} 米），请到工地内再打卡。",
        (
            "Outside the site fence: {distance_m} m from its edge (accuracy {accuracy_m} m, {margin_m} m allowed). "
            "Please check in on the site."
        ),
    ),
    "outside_fence.circle": (
        (
            "不在工地围栏内：距围栏中心 {centre_distance_m} 米（围栏半径 {radius_m} 米，定位精度 {accuracy_m} 米），"
            "请到工地内再打卡。"
        ),
        (
            "Outside the site fence: distance {centre_distance_m} m, fence {radius_m} m, accuracy {accuracy_m} m. "
            "Please check in on the site."
        ),
    ),
    "location_fuzzy": (
        "定位为模糊位置，请在微信中开启精确定位后重试。",
        "The position is a fuzzy one. Please allow precise location in WeChat and try again.",
    ),
    "location_stale": (
        "定位是 {age_s} 秒前获取的，超过 {limit_s} 秒，请校准手机时间、重新定位后再打卡。",
        "The position is {age_s} s old, {limit_s} s are allowed. Check the phone's clock, locate again and check in.",
    ),
    "no_fence": (
        "该项目尚无生效的电子围栏，请联系项目部。",
        "The project has no fence in force. Please tell the project office.",
    ),
    "location_uncertain": (
        "定位精度不足以判断：距围栏边界 {distance_m} 米，定位精度 {accuracy_m} 米，已转人工复核。",
        (
            "The position is not precise enough: {distance_m} m from the fence's edge, accuracy {accuracy_m} m. "
            "A person will decide."
        ),
    ),
    "not_enrolled": (
        "尚未录入人脸，请到监督站办理现场录入。",
        "No face is enrolled yet. Please enrol at the supervision station.",
    ),
    "no_consent": (
        "缺少有效的授权同意：{missing}。请先完成授权。",
        "Consent is missing or withdrawn: {missing}. Please give it first.",
    ),
    "no_face": (
        "照片中未找到人脸，请正对镜头重拍。",
        "No face was found in the photo. Face the camera and take it again.",
    ),
    "many_faces": ("照片中有多张人脸，请单独拍摄。", "There are several faces in the photo. Take it alone, please."),
    "low_quality.face_too_small": (
        "照片中人脸太小，请走近一些重拍。",
        "The face is too small. Move closer and take it again.",
    ),
    "low_quality.too_dark": ("照片太暗，请到光线充足处重拍。", "The photo is too dark. Find light and take it again."),
    "low_quality.too_bright": (
        "照片过亮，请避开强光重拍。",
        "The photo is too bright. Turn from the light, take it again.",
    ),
    "low_quality.too_blurred": ("照片模糊，请拿稳手机重拍。", "The photo is blurred. Hold still and take it again."),
    "low_quality": (
        "照片质量不足，请走近一些、在光线充足处重拍。",
        "The photo is not good enough. Move closer, find light, take it again.",
    ),
    "face_mismatch": ("人脸与登记人员不符。", "The face does not match the registered person."),
    "face_uncertain": (
        "人脸比对结果不确定，已转人工复核。",
        "The face comparison is not certain. A person will decide.",
    ),
    "photo_reused": ("该照片已经使用过，请现场重新拍照。", "This photo was used before. Please take a new one."),
    "engine_failed": (
        "照片无法自动比对，已转人工复核。",
        "The photo could not be compared automatically. A person will decide.",
    ),
    "refused_by_reviewer": (
        "人工复核未通过，请咨询项目部或监督站。",
        "A reviewer refused it. Ask the project office or the station.",
    ),
    "not_on_roster": (
        "当日不在该项目的任职名单上，本次打卡不计考勤。",
        "Not on this project's roster that day: it does not count.",
    ),
    "roster_not_filed": (
        "任职尚未备案生效，本次打卡暂不计考勤。",
        "The roster line is not in force yet: it does not count for now.",
    ),
    "outside_window": (
        "打卡时间 {time} 不在 {window_from}—{window_to} 内，不计考勤。",
        "{time} is outside {window_from}-{window_to}: it does not count.",
    ),
    "project_not_active": (
        "项目当日不在施工状态，不计考勤。",
        "The project is not under construction that day: it does not count.",
    ),
    # Enrolment.
    "photos_differ": (
        "第 {photo} 张照片与其他照片不像同一人。",
        "Photo {photo} does not look like the same person as the others.",
    ),
    "consent_needed": (
        "录入人脸前必须取得本人单独同意。",
        "The person's separate consent is needed before a face is enrolled.",
    ),
    # Photos.
    "photo_empty": ("照片是空文件。", "The photo is an empty file."),
    "photo_too_large": (
        "照片过大：{bytes} 字节，上限 {limit_bytes} 字节。",
        "The photo is too large: {bytes} bytes, {limit_bytes} allowed.",
    ),
    "not_an_image": (
        "文件不是可识别的照片（支持 JPEG、PNG、WebP、HEIC）。",
        "The file is no photo we can read (JPEG, PNG, WebP, HEIC).",
    ),
    "photo_damaged": ("照片文件已损坏，请重拍。", "The photo file is damaged. Please take it again."),
    "photo_too_many_pixels": ("照片像素过多：{width}×{height}。", "The photo has too many pixels: {width} x {height}."),
    "photo_too_small": ("照片太小：{width}×{height}。", "The photo is too small: {width} x {height}."),
    "photo_odd_shape": ("照片过于狭长：{width}×{height}。", "The photo is too long and narrow: {width} x {height}."),
    # Requests.
    "missing": ("缺少必填项。", "This is required."),
    "null_not_allowed": ("不能为空值。", "Null is not allowed."),
    "unknown_field": ("未知的字段。", "This field is not known."),
    "invalid": ("格式不正确。", "This is not valid."),
    "not_a_number": ("不是有效的数字。", "This is not a number we can use."),
    "naive_time": ("时间必须带时区。", "A time must name its zone."),
    "out_of_range": ("数值超出范围（{min}—{max}）。", "The value is out of range ({min} to {max})."),
    "bad_length": ("长度不符合要求（{min}—{max}）。", "The length is not allowed ({min} to {max})."),
    "not_a_choice": ("不在可选值之中：{choices}。", "Not one of the choices: {choices}."),
    "bad_credit_code": ("统一社会信用代码校验失败。", "The unified social credit code does not check."),
    "bad_document_number": ("证件号码校验失败。", "The document number does not check."),
    "bad_phone": ("手机号码格式不正确。", "The phone number is not valid."),
    "time_ahead": (
        "时间比服务器时间超前 5 分钟以上，请校准手机时间。",
        "The time is more than 5 minutes ahead. Set the phone's clock, please.",
    ),
    "not_multipart": ("请求必须是 multipart/form-data。", "The request must be multipart/form-data."),
    "not_json": ("请求必须是 application/json。", "The request must be application/json."),
    "part_missing": ("缺少部分：{part}。", "The part {part} is missing."),
    "part_repeated": (
        "部分 {part} 的数量不符（{count} 个，允许 {min}—{max} 个）。",
        "Part {part}: {count} sent, {min} to {max} allowed.",
    ),
    "part_unknown": ("未知的部分：{part}。", "The part {part} is not known."),
    "bad_json": ("JSON 格式错误。", "The JSON cannot be read."),
    "json_too_deep": ("JSON 嵌套过深（上限 {limit} 层）。", "The JSON is nested too deeply ({limit} levels allowed)."),
    "request_too_large": ("请求过大。", "The request is too large."),
    "bad_request": ("请求无法理解。", "The request cannot be understood."),
    "client_ref_reused": ("同一编号已用于其他内容。", "This reference was used with other content."),
    "unknown_reference": ("引用的对象不存在。", "What this refers to does not exist."),
    "already_exists": ("已存在相同记录。", "This exists already."),
    "dates_in_order": ("结束日期早于开始日期。", "The end lies before the start."),
    "post_of_other_team": ("该岗位不属于此项目部。", "The post does not belong to this team."),
    "act_not_allowed": ("当前状态（{state}）不允许此操作。", "In its state ({state}) this act is not allowed."),
    "own_affair": ("不能办理与本人有关的事项。", "Nobody decides about himself."),
    "version_conflict": ("记录已被他人修改，请刷新后重试。", "Somebody changed this meanwhile. Load it again, please."),
    "version_needed": ("缺少 If-Match 版本号。", "The If-Match header is missing: send the version you saw."),
    "no_policy": ("当日没有生效的考勤规则。", "No policy is in force that day."),
    # Fences.
    "fence_too_small": ("围栏过小。", "The fence is too small."),
    "fence_too_large": ("围栏过大。", "The fence is too large."),
    "fence_self_crossing": ("围栏边界自相交。", "The fence crosses itself."),
    "fence_too_few_points": ("围栏至少需要三个不同的点。", "A fence needs three different points."),
    "fence_too_many_points": ("围栏点数过多。", "The fence has too many points."),
    "fence_unknown_kind": ("未知的围栏类型。", "This kind of fence is not known."),
    "fence_not_a_number": ("围栏坐标不是有效数字。", "A number of the fence is not valid."),
    "position_outside_china": ("坐标不在中国境内。", "The position is outside China."),
    # Who is asking.
    "token_missing": ("请先登录。", "Please sign in."),
    "token_invalid": ("登录已失效，请重新登录。", "The sign-in is no longer valid. Please sign in again."),
    "wrong_credentials": ("用户名或密码错误。", "Name or password is wrong."),
    "new_password_needed": (
        "该密码只能使用一次，请设置不少于 {min} 位的新密码。",
        "This password works once: choose your own, {min} characters or more.",
    ),
    "new_password_same": ("新密码不能与原密码相同。", "The new password must differ from the old one."),
    "forbidden": ("没有权限。", "You are not allowed to do this."),
    "not_found": ("未找到。", "Not found."),
    "method_not_allowed": ("不支持的请求方法。", "This method is not allowed here."),
    "no_person": ("该账号未绑定人员，不能打卡。", "This account belongs to no person, so it cannot check in."),
    "account_closed": ("账号已停用。", "The account is closed."),
    "scope_not_of_role": ("该角色不能授予此范围。", "This role cannot be given within this scope."),
    "scope_id_needed": ("范围编号与范围类型不符。", "The scope id does not fit the kind of scope."),
    "activation_needed": ("该微信尚未绑定，请输入激活码。", "This WeChat is not bound yet: enter the activation code."),
    "activation_invalid": ("激活码无效或已过期。", "The activation code is not valid or has expired."),
    "no_line_in_force": (
        "该人员在您管辖的项目上没有生效的任职，不能办理。",
        "This person has no roster line in force on a project of yours, so you cannot act on him.",
    ),
    "staff_account": (
        "该人员持有管理账号，请其用账号登录后自行绑定微信。",
        "This person holds a staff account: he binds WeChat himself after signing in with it.",
    ),
    "wechat_bound_to_other": ("该微信已绑定其他人员。", "This WeChat is bound to somebody else."),
    # Other systems.
    "wechat_code_invalid": ("微信登录凭证无效，请重试。", "WeChat does not know this code. Please try again."),
    "wechat_too_often": ("登录过于频繁，请稍后再试。", "Too many sign-ins. Please wait a little."),
    "wechat_user_blocked": ("微信拒绝了本次登录。", "WeChat refused this sign-in."),
    "wechat_refused_us": (
        "微信登录暂不可用，请联系运维。",
        "WeChat sign-in is not available. Please tell the operator.",
    ),
    "wechat_unavailable": ("微信暂时无法访问，请稍后再试。", "WeChat does not answer. Please try again soon."),
    "photo_store_down": ("照片暂时无法保存，请稍后重新发送。", "Photos cannot be kept now. Send it again soon."),
    "unavailable": ("服务暂时不可用，请稍后重试。", "The service does not answer now. Please try again soon."),
    "internal": ("系统内部错误，已记录。", "Something broke on our side; it was recorded."),
}


def text(code: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Both texts of a code; a code without a text shows itself, a missing number shows as a dash."""
    # From a round fence people measure to its centre, not to its edge; a bad photo has a reason of its own.
    special = f"{code}.{'circle' if data.get('radius_m') is not None else data.get('reason')}"
    chinese, english = TEXTS.get(special) or TEXTS.get(code, (code, code))
    return {"zh": _filled(chinese, data), "en": _filled(english, data)}


def _filled(template: str, data: Mapping[str, Any]) -> str:
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format(**{name: _shown(data.get(name)) for name in names})


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)
