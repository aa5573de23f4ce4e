"""What is said about spreadsheets, their cells and their loads."""

TEXTS: dict[str, tuple[str, str]] = {
    # Files.
    "empty_file": ("文件是空的。", "The file is empty."),
    "old_excel_format": (
        "这是旧版 Excel 文件（.xls），请另存为 .xlsx。",
        "This is a file of old Excel (.xls): save it as .xlsx.",
    ),
    "encrypted_workbook": ("工作簿有密码，请取消密码后重新发送。", "The workbook has a password: remove it, please."),
    "not_a_workbook": ("文件不是有效的 .xlsx 工作簿。", "This is no .xlsx workbook that can be opened."),
    "zip_bomb": ("文件解压后过大，已拒绝。", "Unpacked the file would be too large; it was not opened."),
    "web_page_file": (
        "文件内容是网页或 XML，不是表格，请另存为 .xlsx。",
        "This is a web page or XML and no spreadsheet: save it as .xlsx.",
    ),
    "binary_file": ("文件不是表格，也不是文本。", "This is neither a workbook nor a text."),
    "unknown_encoding": (
        "文字编码无法识别，请另存为 UTF-8 或 GBK 的 CSV。",
        "The encoding is not known: save it as CSV in UTF-8 or GBK.",
    ),
    "broken_csv": (
        "第 {row} 行的引号不完整，无法读取。",
        "The quotes in row {row} do not close, so it cannot be read.",
    ),
    "line_too_long": (
        "第 {row} 行过长，不是表格中的一行。",
        "Line {row} is longer than any row of a table.",
    ),
    "broken_workbook": ("工作簿在第 {row} 行附近已损坏。", "The workbook is damaged near row {row}."),
    "xml_entities": ("工作簿含有不允许的 XML 定义。", "The workbook holds XML definitions that are not allowed."),
    "too_many_columns": (
        "列数过多（{columns} 列，上限 {limit} 列）。",
        "Too many columns: {columns}, {limit} allowed.",
    ),
    "too_many_rows": ("行数过多，上限 {limit} 行，请分成几个文件。", "More than {limit} rows: split the file, please."),
    "sheet_unknown": (
        "没有名为“{sheet}”的可见工作表，现有：{sheets}。",
        "No visible sheet {sheet}; there are: {sheets}.",
    ),
    "headers_not_found": (
        "前 {rows} 行中没有找到表头，必须有：{headers}。",
        "No headers in the first {rows} rows; needed are: {headers}.",
    ),
    "column_missing": ("缺少列“{header}”（{english}）。", "The column {header} ({english}) is missing."),
    "repeated_header": ("表头“{header}”重复。", "The header {header} stands there twice, or under two names."),
    "sheet_hidden": ("隐藏的工作表“{sheet}”没有读取。", "The hidden sheet {sheet} was not read."),
    "sheet_not_read": (
        "工作表“{sheet}”没有读取，每次只读一个。",
        "The sheet {sheet} was not read: one is read at a time.",
    ),
    "unknown_header": (
        "列“{header}”无法识别，没有读取；最接近的列是：{near}。",
        "The column {header} is not known and was not read; the nearest is: {near}.",
    ),
    # Cells.
    "formula_cell": ("单元格是公式，请粘贴为数值。", "This is a formula: paste its value instead."),
    "error_cell": ("单元格是错误值（{error}）。", "This cell holds an error ({error})."),
    "merged_cells": (
        "合并单元格（{range}），请取消合并并逐行填写。",
        "Merged cells ({range}): unmerge them, fill each row.",
    ),
    "number_lost_digits": (
        "号码以数值保存，末尾数字已丢失，请设为文本后重新填写。",
        "The number was kept as a quantity and lost its last digits: make the cell a text and type it again.",
    ),
    "bad_date": ("日期无法识别，请写成 2026-03-01。", "This is no date: write it as 2026-03-01."),
    "time_in_day": ("日期后面带有时间，请只填写日期。", "A time stands behind the day: write the day only."),
    "ambiguous_word": (
        "名称对应多个代码（{choices}），请填写代码。",
        "Several bear this name ({choices}): write the code.",
    ),
    # Loads.
    "more_problems": ("此行另有 {more} 个问题。", "This row has {more} more problems."),
    "load_given_up": (
        "处理 {attempts} 次均中断，请检查文件或分成几个文件。",
        "Taking it was broken off {attempts} times: split the file, please.",
    ),
}
