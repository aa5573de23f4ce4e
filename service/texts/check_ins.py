"""What is said about check-ins, enrolments and photos."""

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
    # The same words: nobody is told by them that he looked like somebody else.
    "looks_like_another": (
        "人脸比对结果不确定，已转人工复核。",
        "The face comparison is not certain. A person will decide.",
    ),
    "photo_reused": ("该照片已经使用过，请现场重新拍照。", "This photo was used before. Please take a new one."),
    "challenge_needed": (
        "该项目打卡需要活体验证，请按提示转头拍摄。",
        "Checking in here asks for head turns. Follow what the phone says and send the pictures with the photo.",
    ),
    "challenge_invalid": (
        "活体验证已过期或已使用，请重新开始。",
        "The order of head turns has expired or was used. Please begin again.",
    ),
    "challenge_failed": (
        "未按提示完成转头动作，请独自面对镜头，在光线充足处慢慢重做。",
        "The head did not turn as it was asked to. Alone before the camera, in good light, turn slowly once more.",
    ),
    "flat_face": (
        "未能确认为真人，请本人面对镜头重新拍摄。",
        "A live person could not be confirmed. Please face the camera yourself and take it again.",
    ),
    "not_live": (
        "未能确认为真人，请到光线充足处由本人重新拍照。",
        "A live person could not be confirmed. Find good light and take the photo yourself, please.",
    ),
    "check_in_paused": (
        (
            "人脸多次未通过，请 {minutes} 分钟后再试。如确系本人无法通过，请联系项目部办理补卡或人工复核，"
            "或到现场监督站人工登记。"
        ),
        (
            "The face was refused too often: try again in {minutes} minutes. If it does not know you, there is a way "
            "without it: ask the project office for a review or a missed punch, or the station on site."
        ),
    ),
    "check_ins_waiting": (
        "前几次打卡仍在识别，请 {retry_after_s} 秒后再试。",
        "Your last check-ins are still being judged: try again in {retry_after_s} seconds.",
    ),
    "engine_failed": (
        "照片无法自动比对，已转人工复核。",
        "The photo could not be compared automatically. A person will decide.",
    ),
    "template_outdated": (
        "人脸模板需要重新录入，本次已转人工复核，请到监督站重新录入人脸。",
        "Your face has to be enrolled anew: please visit the supervision station. A person will decide this time.",
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
    "stop_work": (
        "项目 {starts_on} 至 {ends_on} 停工，当日不计考勤。",
        "The site rests from {starts_on} to {ends_on}: nothing counts and nothing is due.",
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
    "too_few_photos": (
        "照片 {photos} 张不足，录入人脸至少需要 {needed} 张。",
        "{photos} photos are too few: {needed} are needed to enrol.",
    ),
    "consent_needed": (
        "录入人脸前必须取得本人单独同意。",
        "The person's separate consent is needed before a face is enrolled.",
    ),
    "two_people": ("不能与本人重复。", "Nobody is his own double."),
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
}
