"""The figures of the desk, for those who lead it, and each table as a file."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import gives_a_file
from adherents.accounts.permissions import Act, acts_of
from adherents.casework.figures import selectors as figures
from adherents.casework.figures.forms import FiguresForm
from adherents.ui import spreadsheet


def _form(request: HttpRequest) -> FiguresForm:
    return FiguresForm(request.GET.dict(), kinds=figures.kinds(), teams=figures.teams(account_of(request)))


@allowed_to(Act.SEE_FIGURES)
@require_safe
@gzip_page  # plots are long, and its only secret is the token of a form, which is masked anew each time (BREACH)
def figures_page(request: HttpRequest) -> HttpResponse:
    """What waits now, and what was decided in the weeks, the group and the kind that are asked for."""
    form = _form(request)
    agent = account_of(request)
    context = {"may": acts_of(agent), "form": form, "figures": figures.read(form.wanted, agent)}
    return render(request, "casework/figures.html", context)


@allowed_to(Act.SEE_FIGURES)
@gives_a_file
@require_safe
def figures_csv(request: HttpRequest, name: str) -> HttpResponse:
    """One of its tables, for a spreadsheet."""
    wanted = _form(request).wanted
    table = figures.read(wanted, account_of(request)).table(name)
    if table is None:
        raise Http404
    answer = HttpResponse(table.csv(), content_type=spreadsheet.CONTENT_TYPE)
    file = f"chiffres-{name}-{wanted.first}-{wanted.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer
