"""The pages on which people register and log in."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "register": ("註冊", "Register", "S’inscrire", "Регистрация"),
    "log_in": ("登入", "Log in", "Se connecter", "Войти"),
    "log_out": ("登出", "Log out", "Se déconnecter", "Выйти"),
    "username": ("使用者名稱", "User name", "Nom d’utilisateur", "Имя пользователя"),
    "email": ("電子郵件", "E-mail", "E-mail", "Эл. почта"),
    "password": ("密碼", "Password", "Mot de passe", "Пароль"),
    "new_password": (
        "密碼（至少 8 個字元）",
        "Password (8 characters or more)",
        "Mot de passe (8 caractères ou plus)",
        "Пароль (не менее 8 знаков)",
    ),
    "welcome": (
        "註冊成功，現在可以登入。",
        "You are registered and can log in now.",
        "Vous êtes inscrit et pouvez vous connecter.",
        "Вы зарегистрированы и можете войти.",
    ),
    "logged_in_as": (
        "已登入：{username}",
        "Logged in as {username}",
        "Connecté en tant que {username}",
        "Вы вошли как {username}",
    ),
    "from_elsewhere": (
        "此表單並非來自本頁，請重新開啟頁面後再試",
        "This form was not sent from this page: open it again",
        "Ce formulaire ne vient pas de cette page : rouvrez-la",
        "Форма отправлена не с этой страницы: откройте её снова",
    ),
}
