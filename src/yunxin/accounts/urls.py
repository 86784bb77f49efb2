"""Addresses of accounts: sign-in and one's own account, 账户中心, enterprises in the console."""

from django.urls import path

from yunxin.accounts import console, personal, portal

app_name = "accounts"

personal_urls = [
    path("login/", personal.sign_in, name="login"),
    path("logout/", personal.sign_out, name="logout"),
    path("login/first-password/", personal.first_password, name="first_password"),
    path("account/password/", personal.change_password, name="password"),
    path("account/logins/", personal.login_history, name="logins"),
    path("account/initial-password/<str:ticket>/", portal.password_shown, name="password_shown"),
    path("account/notices/", personal.bell, name="notices"),
    path("account/notices/read/", personal.mark_notices_read, name="mark_notices_read"),
]
portal_urls = [
    path("account/company/", portal.company, name="company"),
    path("account/company/edit/", portal.edit_company, name="edit_company"),
    path("account/users/", portal.users, name="users"),
    path("account/users/new/", portal.new_user, name="new_user"),
    path("account/users/<int:pk>/", portal.edit_user, name="edit_user"),
    path("account/users/<int:pk>/disable/", portal.disable_user, name="disable_user"),
    path("account/users/<int:pk>/enable/", portal.enable_user, name="enable_user"),
    path("account/users/<int:pk>/password/", portal.reset_password, name="reset_password"),
]
console_urls = [
    path("console/enterprises/", console.list_enterprises, name="console_enterprises"),
    path("console/enterprises/new/", console.new_enterprise, name="console_new_enterprise"),
    path("console/enterprises/<int:pk>/", console.show_enterprise, name="console_enterprise"),
    path(
        "console/enterprises/<int:pk>/edit/",
        console.edit_enterprise,
        name="console_edit_enterprise",
    ),
    path(
        "console/enterprises/<int:pk>/suspend/",
        console.suspend_enterprise,
        name="console_suspend_enterprise",
    ),
    path(
        "console/enterprises/<int:pk>/resume/",
        console.resume_enterprise,
        name="console_resume_enterprise",
    ),
    path("console/enterprises/<int:pk>/users/new/", console.new_user, name="console_new_user"),
    path("console/users/<int:pk>/disable/", console.disable_user, name="console_disable_user"),
    path("console/users/<int:pk>/enable/", console.enable_user, name="console_enable_user"),
    path("console/users/<int:pk>/password/", console.reset_password, name="console_reset_password"),
    path("console/operators/", console.list_operators, name="console_operators"),
    path("console/operators/new/", console.new_operator, name="console_new_operator"),
    path("console/audit/", console.audit_log, name="console_audit"),
]
urlpatterns = [*personal_urls, *portal_urls, *console_urls]
