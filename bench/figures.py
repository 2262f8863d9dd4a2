"""How the figures of bench/run are written, in its table and in the README's."""


def figure(number, unit=""):
    """Four digits or so; the unit behind them."""
    if number is None:
        return "-"
    if number == int(number) or number >= 1000:
        text = "{:,.0f}".format(number)
    else:
        text = "%.*f" % (1 if number >= 10 else 2, number)
    return (text + " " + unit).rstrip()
