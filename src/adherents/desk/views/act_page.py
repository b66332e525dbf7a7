"""The page of an act. It asks why, does the act by one call, says what was done, and leads back to the page before.

`act_table.ACT_PAGES` has them all. To add an act, add an entry there: its address and its page come by themselves.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.models import Account
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services.agents import AgentActRefused
from adherents.accounts.services.end_sessions import NothingOpen
from adherents.accounts.services.new_factor import FactorRefused
from adherents.desk.forms import ActForm, ReasonForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.selectors import agents
from adherents.desk.services.account_actions import AccountActRefused
from adherents.desk.views.agents import agent_or_404
from adherents.desk.views.member_record import member_or_404, record_context
from adherents.members.models import Member
from adherents.members.services.accounts import NotAnAddress

REFUSALS = (AccountActRefused, AgentActRefused, FactorRefused, NothingOpen, NotAnAddress)
Words = str | Promise
Person = TypeVar("Person", Member, Account)


@dataclass(frozen=True, kw_only=True)
class ActPage(ABC, Generic[Person]):
    """One act, about one person.

    `act`: the right to do it. `name`, `path`: of its address. `title`, `words` and `button` (the title, where it says nothing
    else): what the page says; without `words`, the template `desk/acts/<name>.html` says it. `consequences`: what it says of
    this very person beside that. `do`: the service, which is given the form's fields. `done_words`: what the page says
    afterwards, or one text for each value that the service returns. `then`: what is left to do with the request, the person
    and what the service returned; it may give an answer of its own, in place of the words and the way back.
    """

    act: Act
    name: str
    path: str
    title: Words
    do: Callable[..., Any]
    words: Words = ""
    consequences: Callable[[Any], Sequence[str]] | None = None
    button: Words = ""
    danger: bool = False
    form: type[ActForm] = ReasonForm
    done_words: Words | Mapping[Any, Words] = ""
    then: Callable[[HttpRequest, Person, Any], HttpResponseBase | None] | None = None
    gives_a_file: bool = False

    template: ClassVar[str]
    back: ClassVar[str]

    @property
    def explanation(self) -> str:
        return f"desk/acts/{self.name}.html"

    @abstractmethod
    def person_or_404(self, pk: int) -> Person: ...

    @abstractmethod
    def call(self, by: Account, person: Person, fields: dict[str, Any]) -> Any:
        """Do it. Raises one of `REFUSALS`."""

    @abstractmethod
    def context(self, request: HttpRequest, person: Person) -> dict[str, Any]:
        """What the frame around the form shows."""

    @property
    def view(self) -> Callable[..., HttpResponseBase]:
        """The page itself. An agent who may not do the act is refused."""

        @allowed_to(self.act)
        @require_http_methods(["GET", "HEAD", "POST"])
        def act_view(request: HttpRequest, pk: int) -> HttpResponseBase:
            return _ask_and_do(request, self, pk)

        return act_view


class MemberActPage(ActPage[Member]):
    """Beside the member's record. The service takes `agent` (who acts), `member` and the fields."""

    template = "desk/member_act.html"
    back = "desk:member"

    def person_or_404(self, pk: int) -> Member:
        return member_or_404(pk)

    def call(self, by: Account, person: Member, fields: dict[str, Any]) -> Any:
        return self.do(agent=by, member=person, **fields)

    def context(self, request: HttpRequest, person: Member) -> dict[str, Any]:
        return record_context(request, person)


class AgentActPage(ActPage[Account]):
    """On a page of its own. The service takes `agent` (the person concerned), `by` and the fields."""

    template = "desk/agent_act.html"
    back = "desk:agent"

    def person_or_404(self, pk: int) -> Account:
        return agent_or_404(pk)

    def call(self, by: Account, person: Account, fields: dict[str, Any]) -> Any:
        return self.do(agent=person, by=by, **fields)

    def context(self, request: HttpRequest, person: Account) -> dict[str, Any]:
        teams = agents.teams() if "team" in self.form.base_fields else []
        consequences = self.consequences(person) if self.consequences else []
        may = acts_of(account_of(request))
        return {"may": may, "agent": person, "teams": teams, "consequences": consequences}


def _ask_and_do(request: HttpRequest, page: ActPage[Person], pk: int) -> HttpResponseBase:
    person = page.person_or_404(pk)
    draft = reason_draft(request, page.form, pk)
    typed = request.POST if request.method == "POST" else None
    form = page.form(typed, initial=draft.begin(), about=person)
    if form.is_valid():
        try:
            outcome = page.call(account_of(request), person, form.cleaned_data)
        except REFUSALS as refusal:
            form.add_error(form.refused_at, str(refusal.message))
        else:
            draft.done()
            return _say_and_lead_back(request, page, person, outcome)
    context = page.context(request, person) | {"form": form, "draft": draft, "act_page": page}
    return render(request, page.template, context)


def _say_and_lead_back(
    request: HttpRequest, page: ActPage[Person], person: Person, outcome: Any
) -> HttpResponseBase:
    answer = page.then(request, person, outcome) if page.then else None
    if answer is not None:
        return answer
    words = page.done_words[outcome] if isinstance(page.done_words, Mapping) else page.done_words
    messages.success(request, str(words))
    return redirect(page.back, person.pk)
