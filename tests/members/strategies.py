"""Hypothesis strategies for the register: NIRs that exist, names as people write them."""

from hypothesis import strategies as st

from adherents.demo.invented import with_key

MONTHS = [*range(1, 13), *range(20, 100)]
COMMUNES_3 = st.integers(1, 990).map("{:03d}".format)
COMMUNES_2 = st.integers(1, 90).map("{:02d}".format)
METROPOLE = st.one_of(
    st.integers(1, 95).filter(lambda number: number != 20).map("{:02d}".format),
    st.sampled_from(["2A", "2B", "99"]),
)
OVERSEAS = st.one_of(st.integers(970, 979), st.integers(980, 989)).map(str)


@st.composite
def nirs(draw: st.DrawFn) -> str:
    """A NIR that could be somebody's, normalised."""
    year = draw(st.integers(0, 99))
    place = draw(
        st.one_of(
            st.tuples(METROPOLE, COMMUNES_3),
            st.tuples(OVERSEAS, COMMUNES_2),
            st.tuples(st.sampled_from(["20"] if year < 76 else ["2A"]), COMMUNES_3),
            st.tuples(st.sampled_from(["96"] if year < 68 else ["99"]), COMMUNES_3),
        )
    )
    sex = draw(st.sampled_from("123478"))
    month = draw(st.sampled_from(MONTHS))
    return with_key(f"{sex}{year:02d}{month:02d}{''.join(place)}{draw(st.integers(1, 999)):03d}")


LETTERS = "abcdefghijklmnopqrstuvwxyzàâäçéèêëîïôöùûüÿœæñABCÉÈÎŒÆ"
WORDS = st.text(LETTERS, min_size=1, max_size=8)


@st.composite
def names(draw: st.DrawFn) -> str:
    """A name of one to three words, joined as names are."""
    words = draw(st.lists(WORDS, min_size=1, max_size=3))
    name = words[0]
    for word in words[1:]:
        name += draw(st.sampled_from(["-", " ", "'", "’"])) + word
    return name
