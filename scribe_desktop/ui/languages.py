"""Languages by name, for lists to choose from."""

from PySide6.QtCore import QLocale


def language_name(code: str) -> str:
    """The name of a language, or its code where we know none.

    Services say `en`, `en-IN` or `en_IN`; all three are understood.
    """
    base, _, region = code.replace("_", "-").partition("-")
    language = QLocale.codeToLanguage(base)
    if language == QLocale.Language.AnyLanguage:
        return code
    name = QLocale.languageToString(language)
    return f"{name} ({region.upper()})" if region else name
