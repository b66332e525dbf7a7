"""Who may open which page, and how: the table that `test_permissions.py` holds every address of the portal to.

Written by hand, apart from the code, so that a slip in the code shows. A page that is added needs its line here.
"""

from typing import NamedTuple

READ = {"GET", "HEAD"}
ASK = READ | {"POST"}
ANY = ASK | {"PUT", "DELETE"}

STRANGER, MEMBER, SUSPENDED, UNPROTECTED = "stranger", "member", "suspended", "without a second factor"
ADVISER, SUPERVISOR, ADMINISTRATOR, AUDITOR = "conseiller", "responsable", "administrateur", "auditeur"
EVERYBODY = {STRANGER, MEMBER, SUSPENDED, UNPROTECTED, ADVISER, SUPERVISOR, ADMINISTRATOR, AUDITOR}
SIGNED_IN = EVERYBODY - {STRANGER, SUSPENDED}
DESK, HEADS = {ADVISER, SUPERVISOR, ADMINISTRATOR}, {SUPERVISOR, ADMINISTRATOR}


class Rule(NamedTuple):
    """Who is let in, by which methods; and at which side of the portal the others are turned away."""

    who: set[str]
    methods: set[str]
    side: str


def everybody(methods: set[str]) -> Rule:
    return Rule(EVERYBODY, methods, "public")


def members(methods: set[str]) -> Rule:
    return Rule({MEMBER}, methods, "member")


def desk(who: set[str], methods: set[str]) -> Rule:
    return Rule(who, methods, "desk")


def own_account(methods: set[str]) -> Rule:
    """Every person who is signed in, for what protects their own account."""
    return Rule(SIGNED_IN, methods, "account")


# What a person must be permitted on a member's file, where that is all that a page is about; by the method where they differ.
ON_A_FILE: dict[str, str | dict[str, str]] = {
    "/adherent/": {"GET": "read"},  # a POST signs in
    "portal:personal_data": "read",
    "portal:history": "read",
    "portal:to_send_again": "read",
    "vault:documents": "read",
    "vault:insurers": "read",
    "vault:receipt": "read",
    "vault:receipt_pdf": "read",
    "vault:receipt_json": "read",
    "vault:document": "read",
    "vault:download": "read",
    "vault:photo": "read",
    "vault:thumbnail": "read",
    "vault:send": "send",
    "vault:drop": "send",
    "vault:keep": "send",
    "vault:uploads": "send",
    "vault:upload": "send",
    "vault:take_back": "take_back",
    "reading:answer": "send",
    "vault:export": "export",
    "messages:threads": "read",
    "messages:new": "write",
    "messages:thread": {"GET": "read", "HEAD": "read", "POST": "write"},
}

RULES: dict[str, Rule] = {
    # to enter, and to a new password
    "/adherent/": everybody(ASK),
    "accounts:sign_in": everybody(ASK),
    "accounts:sign_out": everybody({"POST"}),
    "accounts:signed_out": everybody(READ),
    "accounts:forgotten": everybody(ASK),
    "accounts:sent": everybody(READ),
    "accounts:link": everybody(READ),
    "accounts:new_password": everybody(ASK),
    "accounts:factor_link": everybody(READ),
    "accounts:report": everybody(READ),
    "accounts:report_page": everybody(ASK),
    "enrolment:first_connection": everybody(ASK),
    "enrolment:code": everybody(ASK),
    "enrolment:code_password": everybody(ASK),
    "enrolment:address_link": everybody(READ),
    "enrolment:confirm_address": everybody(ASK),
    "enrolment:report_link": everybody(READ),
    "enrolment:report_page": everybody(ASK),
    "accounts:agent_sign_in": everybody(ASK),
    "enrolment:franceconnect": everybody(READ),  # 404 where the profile names no FranceConnect
    "enrolment:franceconnect_return": everybody(READ),
    "enrolment:franceconnect_mail": everybody({"POST"}),
    "enrolment:franceconnect_link": members(READ),
    "enrolment:franceconnect_confirm": members(ASK),
    "enrolment:franceconnect_unlink": members(ASK),
    "accounts:directory": everybody(READ),  # 404 where the profile names no directory
    "accounts:directory_return": everybody(READ),
    "accounts:directory_leave": everybody(READ),
    "accounts:directory_end": everybody({"POST"}),  # its token is the proof
    "account_login": everybody(READ),
    "mfa_login_webauthn": everybody(ASK),
    "mfa_authenticate": everybody(ASK),
    # for everybody
    "portal:home": everybody(READ),
    "portal:contact": everybody(READ),
    "portal:help": everybody(READ),
    "portal:legal": everybody(READ),
    "portal:privacy": everybody(READ),
    "portal:accessibility": everybody(READ),
    "portal:browser": everybody(READ),
    "portal:manifest": everybody(READ),
    "portal:worker": everybody(READ),
    "portal:offline": everybody(READ),
    "portal:language": everybody({"POST"}),
    "portal:live": everybody(READ),
    "portal:ready": everybody(READ),
    "portal:metrics": everybody(READ),  # on trial; in production by its token only: `test_exposition`
    "drafts:keep": everybody({"POST"}),  # the holder of a page's sealed place, also once the session is over
    "drafts:token": everybody({"POST"}),  # likewise: it is given to the page's own account only
    "proof:check": everybody(ASK),
    "proof:keys": everybody(READ),
    "proof:key": everybody(READ),
    "ui:gallery": everybody(ANY),
    "ui:gallery_in": everybody(ANY),
    "ui:error_page": everybody(ANY),
    # a member's own
    "accounts:change_password": members(ASK),
    "accounts:password_changed": members(READ),
    "accounts:sessions": members(READ),
    "accounts:end_session": members(ASK),
    "accounts:end_other_sessions": members(ASK),
    "enrolment:change_address": members(ASK),
    "enrolment:address_asked": members(READ),
    "portal:personal_data": members(READ),
    "portal:history": members(READ),
    "portal:to_send_again": members(READ),
    "vault:documents": members(READ),
    "vault:insurers": members(READ),
    "vault:export": members(ASK),
    "vault:send": members(ASK),
    "vault:drop": members({"POST"}),
    "vault:keep": members({"POST"}),
    "vault:uploads": members({"POST"}),
    "vault:upload": members({"HEAD", "DELETE"}),
    "vault:receipt": members(READ),
    "vault:receipt_pdf": members(READ),
    "vault:receipt_json": members(READ),
    "vault:document": members(READ),
    "vault:take_back": members(ASK),
    "vault:download": members(READ),
    "vault:photo": members(READ),
    "vault:thumbnail": members(READ),
    "reading:answer": members({"POST"}),
    "messages:threads": members(READ),
    "messages:new": members(ASK),
    "messages:thread": members(ASK),
    # what protects one's account
    "mfa_index": own_account(READ),
    "mfa_list_webauthn": own_account(READ),
    "account_reauthenticate": own_account(ASK),
    "mfa_reauthenticate": own_account(ASK),
    "mfa_reauthenticate_webauthn": own_account(ASK),
    "mfa_activate_totp": own_account(ASK),
    "mfa_deactivate_totp": own_account(ASK),
    "mfa_add_webauthn": own_account(ASK),
    "mfa_edit_webauthn": own_account(ASK),
    "mfa_remove_webauthn": own_account(ASK),
    "mfa_view_recovery_codes": own_account(READ),
    "mfa_generate_recovery_codes": own_account(ASK),
    # the desk
    "casework:queue": desk(DESK | {AUDITOR}, READ),
    "casework:queue_csv": desk(HEADS, {"POST"}),
    "casework:saved_filters": desk(DESK, ASK),
    "casework:remove_filter": desk(DESK, {"POST"}),
    "casework:share_filter": desk({SUPERVISOR}, {"POST"}),
    "casework:next": desk(DESK, {"POST"}),
    "casework:treat": desk(DESK, READ),
    "casework:treat_image": desk(DESK, READ),
    "casework:treat_small": desk(DESK, READ),
    "casework:take": desk(DESK, {"POST"}),
    "casework:accept": desk(DESK, {"POST"}),
    "casework:accept_rest": desk(DESK, {"POST"}),
    "casework:treat_attachment": desk(DESK, ASK),
    "casework:choose_kind": desk(DESK, {"POST"}),
    "casework:split": desk(DESK, ASK),
    "casework:put_together": desk(DESK, {"POST"}),
    "casework:join": desk(DESK, ASK),
    "casework:separate": desk(DESK, {"POST"}),
    "casework:refile": desk(DESK, ASK),
    "casework:relocate": desk({SUPERVISOR}, ASK),
    "casework:undo_relocation": desk({SUPERVISOR}, {"POST"}),
    "casework:undo_refiling": desk(DESK, {"POST"}),
    "casework:refuse": desk(DESK, ASK),
    "casework:correct": desk(DESK, ASK),
    "casework:give_back": desk(DESK, {"POST"}),
    "casework:hand_over": desk(DESK, ASK),
    "casework:assign": desk({SUPERVISOR}, ASK),
    "casework:morning_alert": desk({SUPERVISOR}, ASK),
    "casework:sharing": desk({SUPERVISOR}, ASK),
    "casework:prefetch": desk(DESK, {"POST"}),
    "casework:compare": desk(DESK, READ),
    "casework:undo": desk(DESK, {"POST"}),
    "casework:sheet": desk(DESK, READ),
    "casework:reopen": desk(DESK, ASK),
    "desk:search": desk(DESK, ASK),
    "desk:unreachable": desk(DESK, READ),
    "desk:failing": desk(DESK, READ),
    "desk:letters_unreachable": desk(HEADS, ASK),
    "desk:letters_failing": desk(HEADS, ASK),
    "desk:letter_batches": desk(DESK, READ),
    "desk:letters": desk(DESK, READ),
    "desk:letters_pdf": desk(DESK, {"POST"}),
    "desk:letters_list": desk(DESK, {"POST"}),
    "desk:letters_destroy": desk(DESK, {"POST"}),
    "desk:member": desk(DESK, READ),
    "desk:documents": desk(DESK, READ),
    "desk:enter_deposit": desk(DESK, ASK),
    "desk:change_email": desk(DESK, ASK),
    "desk:end_lock": desk(DESK, ASK),
    "desk:send_link": desk(DESK, ASK),
    "desk:write_letter": desk(DESK, ASK),
    "desk:hand_over_export": desk(HEADS, ASK),
    "desk:close_account": desk(DESK, ASK),
    "desk:reopen_account": desk(DESK, ASK),
    "desk:show_nir": desk(DESK, ASK),
    "desk:end_member_sessions": desk(DESK, ASK),
    "messaging:start_thread": desk(DESK, ASK),
    "messaging:threads": desk(DESK, READ),
    "messaging:find_threads": desk(DESK, ASK),
    "messaging:circulars": desk({SUPERVISOR}, ASK),
    "messaging:circular": desk({SUPERVISOR}, READ),
    "messaging:undo_circular": desk({SUPERVISOR}, {"POST"}),
    "messaging:thread": desk(DESK, ASK),
    "messaging:thread_note": desk(DESK, {"POST"}),
    "messaging:thread_transfer": desk(DESK, {"POST"}),
    "messaging:thread_take": desk(DESK, {"POST"}),
    "messaging:thread_close": desk(DESK, {"POST"}),
    "messaging:thread_reopen": desk(DESK, {"POST"}),
    "messaging:canned_list": desk({SUPERVISOR}, READ),
    "messaging:canned_new": desk({SUPERVISOR}, ASK),
    "messaging:canned_answer": desk({SUPERVISOR}, ASK),
    "messaging:canned_remove": desk({SUPERVISOR}, {"POST"}),
    "desk:document": desk(DESK, READ),
    "desk:page": desk(DESK, READ),
    "desk:image": desk(DESK, READ),
    "desk:small": desk(DESK, READ),
    "desk:zoom": desk(DESK, {"POST"}),
    "desk:judge_value": desk(DESK, {"POST"}),
    "backup:after_restore": desk({ADMINISTRATOR}, ASK),
    "backup:count_again": desk({ADMINISTRATOR}, {"POST"}),
    "api:clients": desk({ADMINISTRATOR}, READ),
    "api:new_client": desk({ADMINISTRATOR}, ASK),
    "api:client": desk({ADMINISTRATOR}, READ),
    "api:new_key": desk({ADMINISTRATOR}, {"POST"}),
    "api:end_key": desk({ADMINISTRATOR}, {"POST"}),
    "api:suspend_client": desk({ADMINISTRATOR}, ASK),
    "api:resume_client": desk({ADMINISTRATOR}, ASK),
    "webhooks:endpoints": desk({ADMINISTRATOR}, READ),
    "webhooks:make": desk({ADMINISTRATOR}, ASK),
    "webhooks:endpoint": desk({ADMINISTRATOR}, READ),
    "webhooks:pause": desk({ADMINISTRATOR}, ASK),
    "webhooks:resume": desk({ADMINISTRATOR}, ASK),
    "webhooks:replay": desk({ADMINISTRATOR}, ASK),
    "webhooks:pass_over": desk({ADMINISTRATOR}, ASK),
    "webhooks:make_secret": desk({ADMINISTRATOR}, ASK),
    "webhooks:remove_former_secret": desk({ADMINISTRATOR}, ASK),
    "webhooks:remove": desk({ADMINISTRATOR}, ASK),
    "desk:agents": desk(HEADS, READ),
    "desk:agent": desk(HEADS, READ),
    "desk:invite_agent": desk({ADMINISTRATOR}, ASK),
    "desk:invite_again": desk({ADMINISTRATOR}, ASK),
    "desk:agent_role": desk({ADMINISTRATOR}, ASK),
    "desk:absences": desk(DESK, ASK),
    "desk:end_absence": desk(DESK, {"POST"}),
    "desk:agent_specialty": desk({ADMINISTRATOR}, ASK),
    "desk:agent_team": desk({ADMINISTRATOR}, ASK),
    "desk:link_agent": desk({ADMINISTRATOR}, ASK),
    "desk:unlink_agent": desk({ADMINISTRATOR}, ASK),
    "desk:suspend_agent": desk({ADMINISTRATOR}, ASK),
    "desk:reinstate_agent": desk({ADMINISTRATOR}, ASK),
    "desk:end_agent_lock": desk({ADMINISTRATOR}, ASK),
    "desk:end_agent_sessions": desk({ADMINISTRATOR}, ASK),
    "desk:ask_new_factor": desk(HEADS, ASK),
    "desk:answer_new_factor": desk(HEADS, ASK),
    "desk:send_factor_link": desk(HEADS, ASK),
    "desk:profile": desk({ADMINISTRATOR}, READ),
    "desk:keys": desk({ADMINISTRATOR}, READ),
    "desk:installation": desk({ADMINISTRATOR}, READ),
    "notes:on_member": desk(DESK, ASK),
    "notes:on_document": desk(DESK, ASK),
    "notes:remove": desk(DESK, ASK),
    "notes:ask": desk(DESK, ASK),
    "notes:opinions": desk(DESK, READ),
    "notes:give": desk(DESK, ASK),
    "notes:withdraw": desk(DESK, {"POST"}),
    "casework:figures": desk(HEADS, READ),
    "casework:figures_csv": desk(HEADS, READ),
    "desk:journal": desk(HEADS | {AUDITOR}, ASK),
    "desk:journal_csv": desk({ADMINISTRATOR, AUDITOR}, {"POST"}),
}
