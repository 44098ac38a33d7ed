"""Reason and remark codes that therapy practices meet, each with the category it must be counted under.

Source  X12 external code lists 139 and 411 as of 2024-06; the categories are this project's own judgement. Kept apart from
mappings/responses/denials.yaml, so that a slip there is seen.
"""

from __future__ import annotations

REASONS = {
    "documentation": ("112 116 148 150 163 164 173 174 175 176 226 228 250 251 252 B12 P30 17 "),
    "authorization": ("39 95 197 198 210 242 243 279 284 287 288 296 302 P17 15 38 62 165 "),
    "modifier": ("4 97 182 231 234 236 B15 P14 "),
    "units": ("151 152 222 261 B14 57 "),
    "medical_necessity": ("11 40 49 50 55 56 167 216 219 272 B8 B22 P15 "),
    "technical": (
        "5 6 7 8 9 10 12 14 16 18 29 54 58 107 110 111 115 129 146 147 170 171 172 181 183 184 185 189 199 "
        "206 207 208 267 268 282 285 286 299 A1 B4 B7 B13 B16 B20 P13 P16 138 125 "
    ),
    "benefit_limit": ("35 119 149 273 B1 P31 B5 "),
    "eligibility": (
        "13 19 20 21 22 24 26 27 31 32 33 34 51 53 60 96 109 136 140 166 177 178 179 180 190 200 201 204 215 "
        "227 238 239 256 257 258 276 B9 B11 P2 P3 P4 P8 P21 P27 "
    ),
    "none": ("1 2 3 23 44 45 59 133 155 169 193 203 209 223 237 245 246 253 P12 42 "),
}
REMARKS = {
    "documentation": (
        "M127 M135 M141 N238 N29 N225 N66 N102 N735 N163 N205 N206 N237 N331 N393 N394 N465 N466 N473 N474 "
        "N485 N486 N683 N705 N706 M69 M136 MA75 MA81 "
    ),
    "authorization": ("M62 N54 N351 N41 N758 N188 N335 N475 N476 N489 N490 N630 "),
    "modifier": ("M78 N519 N822 N823 N19 N390 N431 M80 M15 "),
    "units": ("M53 N345 N362 N430 N435 N640 N853 N357 N113 "),
    "medical_necessity": ("N115 N386 M26 N569 N623 N654 N661 N180 N429 M25 "),
    "technical": (
        "N152 M51 M76 M64 MA63 M77 N38 N428 N56 N122 M57 M68 MA102 MA104 MA122 N324 N305 N312 N322 N334 N318 "
        "N94 N255 N288 N284 N285 N286 N287 N264 N265 N289 N290 N257 N256 N258 N296 N297 N292 N293 N294 N574 "
        "N575 N754 N198 N516 N852 N433 N142 N380 M47 N522 MA130 MA36 N329 N797 MA29 N769 N350 N831 N77 "
    ),
    "benefit_limit": ("N130 N587 N117 N411 "),
    "eligibility": ("N30 N52 N216 N382 MA27 MA04 N418 N425 N598 N725 N727 N728 N479 N480 N4 N776 N617 N743 N744 "),
    "none": ("N851 N670 N123 MA01 MA18 N211 N620 N781 N782 "),
}
