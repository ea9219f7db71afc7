"""Write Vega, Vega-Lite and Vega-Embed as the one script that the HTML report carries.

Run ``python -m analysis.render.vega_bundle`` after another version of vl-convert-python has been
pinned. The versions are those of the specification's printed form, so both forms of a figure are
drawn by the same code.
"""

from __future__ import annotations

import re
from importlib.resources import as_file, files

import vl_convert

_NAME = "vega.js"
_LICENCE = """\
/*! Vega {vega}, Vega-Lite {vega_lite}, Vega-Embed {embed} and the libraries that they include.

Copyright (c) 2015-2026, University of Washington Interactive Data Lab. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions
   and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions
   and the following disclaimer in the documentation and/or other materials provided with the
   distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse
   or promote products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER
IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF
THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

It includes D3 modules, copyright (c) 2010-2026 Mike Bostock, under the ISC licence: permission to
use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
granted, provided that the above copyright notice and this permission notice appear in all copies.
THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS
SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE
AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE
OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS
SOFTWARE.
*/
"""


def versions() -> dict[str, str]:
    """Return the versions of the libraries that vl-convert draws with."""
    return {
        "vega": vl_convert.get_vega_version(),
        "vega_lite": vl_convert.get_vegalite_versions()[-1],
        "embed": vl_convert.get_vega_embed_version(),
    }


def bundle() -> str:
    """Return the script, with the licences of the libraries at its beginning."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").strip()
    # vl-convert offers no name for Vega-Lite's functions; its module lists the one that we need.
    [compiles] = set(re.findall(r"[{,]compile:([\w$]+)[,}]", script))
    if "</script" in script or "<!--" in script:
        raise ValueError("the bundle cannot stand inside of an HTML script element")
    last = f"window.vegaLite = {{ compile: {compiles} }};"
    # A function keeps its hundreds of names out of the page.
    return f"{_LICENCE.format(**versions())}(() => {{\n{script}\n{last}\n}})();\n"


def main() -> None:
    """Write the script into the package."""
    with as_file(files("analysis.render") / "templates" / _NAME) as path:
        path.write_text(bundle(), encoding="utf-8")


if __name__ == "__main__":
    main()
