"""Accounts and logins."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "login_successful": ("登入成功", "Login successful", "Connexion réussie", "Вход выполнен"),
    "logged_out": ("已登出", "Logged out", "Déconnexion réussie", "Выход выполнен"),
    "registered": (
        "註冊成功",
        "User registered successfully",
        "Utilisateur enregistré",
        "Пользователь зарегистрирован",
    ),
    "name_taken": (
        "使用者名稱已存在",
        "Username already exists",
        "Ce nom d’utilisateur existe déjà",
        "Имя пользователя уже занято",
    ),
    "registration_closed": (
        "註冊未開放，請聯繫管理員建立帳號",
        "Registration is closed: ask the administrator for an account",
        "L’inscription est fermée : demandez un compte à l’administrateur",
        "Регистрация закрыта: попросите администратора создать учётную запись",
    ),
}
