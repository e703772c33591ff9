"""Names as somebody may give them to music: text that some output takes for something else."""

MARKUP = (
    "Faixa [ao vivo]",
    "Faixa [/b] final",
    "[bold red]loud[/bold red]",
    "[link=http://127.0.0.1/]here[/link]",
    ":skull: emoji code",
)
CONTROL = (
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31mred",
    "over\rwritten",
    "back\x08space",
    "nul\x00byte",
    "\x9b31mC1",
    "del\x7f",
    "right\u202eto left",
    "isolate\u2066d",
    "zero\u200bwidth",
    "line\u2028separator",
)
LINES = ("two\nlines", "two\r\nlines\r\nBcc: somebody@example.com", "tab\tbed")
FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://127.0.0.1/?"&A1,"x")',
    "+1",
    "-1+1",
    "@SUM(1)",
    "@channel",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u200b=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
)
MARKDOWN = (
    "a | b",
    "`code`",
    "**bold** _and_ ~~struck~~",
    "[link](http://127.0.0.1/)",
    "![image](http://127.0.0.1/x.png)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp;",
    "http://127.0.0.1/x",
    "www.example.com",
    "# heading",
    "$x$",
)
CHAT = (
    "<!channel> all",
    "<@U012AB3CD>",
    "<http://127.0.0.1/|harmless>",
    "hey @everyone",
    "look:@all",
    "(@here)",
    "&#64;channel",
    "[named][target]\n\n[target]: http://127.0.0.1/",
    "![[nested]](http://127.0.0.1/x.png)",
    "*bold* &amp;",
)
PATHS = ("../../up", "a/b", "..", ".hidden", "C:\\con", "nul", "trailing.", "trailing ", "~")
PLAIN = (
    "Águas de Março",
    "أغنية",
    "שיר",
    "👩‍👩‍👧 family",
    "e\u0301 combined",
    "می‌خواهم",
    "日本語　全角",
    "R&B / Soul",
    "don't",
    "!!!",
)
"""What must be left as it is, wherever it is shown."""

NAMES = (*MARKUP, *CONTROL, *LINES, *FORMULAS, *MARKDOWN, *CHAT, *PATHS, *PLAIN)
