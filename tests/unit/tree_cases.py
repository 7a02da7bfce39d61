"""Guides with one thing wrong each: `#! code` marks the line where it must be found."""

HEAD = {
    "guide": "sample",
    "version": "1",
    "title": "{en: Sample}",
    "rubric": "sample",
    "languages": "[en]",
    "candidate_types": "{campus: {en: Campus}, hire: {en: Hire}}",
}

SCORED = "  - {id: q, competency: work, text: {en: q}}\n"

QUESTION = """
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions: {q: {key_points: [{id: k, texts: {en: k}}]}}
"""

# A guide, and after `----` its rubric when it matters. What is missing of HEAD goes before.
CASES = {
    "no finding": """
profile: {years: {type: number}}
questions:
  - {id: a, text: {en: a}, next: [{when: profile.years >= 3, go: c}]}
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "unreachable-question after an end": """
questions:
  - {id: a, text: {en: a}, next: [{go: end}]}
  - id: b  #! unreachable-question
    text: {en: b}
""",
    "unreachable-question behind a condition that excludes itself": """
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.years < 3, go: c}
  - id: b
    text: {en: b}
    next:
      - {when: profile.years < 2, go: d}  #! dead-branch
      - {go: c}
  - {id: d, text: {en: d}}  #! unreachable-question
  - {id: c, text: {en: c}}
""",
    "dead-branch after one without a condition": """
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {go: b}
      - {when: profile.years < 3, go: end}  #! dead-branch
      - {when: profile.years < 2, go: end}
  - {id: b, text: {en: b}}
""",
    "dead-branch that earlier branches swallow": """
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.years >= 3, go: c}
      - {when: profile.years >= 5, go: end}  #! dead-branch
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-branch of two facts compared": """
profile: {a: {type: number}, b: {type: number}, c: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.a < profile.b and profile.b < profile.c and profile.c < 3 and profile.a > 2, go: c}
      - {when: profile.a < profile.b and profile.b < profile.c and profile.c < profile.a, go: c}  #! dead-branch
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-branch of two answers with bounds": """
questions:
  - {id: n, kind: number, min: 0, max: 10, text: {en: n}}
  - id: m
    kind: number
    min: 10
    max: 20
    text: {en: m}
    next:
      - {when: answer.n > answer.m, go: c}  #! dead-branch
      - {when: answer.n == answer.m, go: c}
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "a number can be equal to a number of words, and between two of them": """
profile: {x: {type: number}, y: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.y == words(a) and words(a) > 4 and profile.y < 6, go: c}
      - {when: words(a) == 5 and profile.x > 4 and profile.x < words(a) and profile.y > words(a) and profile.y < 6, go: c}
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-branch between two whole numbers": """
questions:
  - id: a
    text: {en: a}
    next:
      - {when: words(a) > 3 and words(a) < 5, go: c}
      - {when: words(a) > 5 and words(a) < 6, go: c}  #! dead-branch
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-branch: an answer is known exactly when its words are": """
questions:
  - id: a
    kind: number
    text: {en: a}
    next:
      - {when: words(a) >= 0 and not answer.a <= 5 and not answer.a > 5, go: end}  #! dead-branch
      - {when: answer.a > 5 and not words(a) >= 0, go: end}  #! dead-branch
  - {id: b, text: {en: b}}
""",
    "dead-branch: an answer fills the profile": """
profile: {years: {type: number, answer: a}}
questions:
  - {id: a, kind: number, min: 0, max: 10, text: {en: a}}
  - id: b
    text: {en: b}
    next:
      - {when: answer.a >= 3 and not known(profile.years), go: end}  #! dead-branch
      - {when: answer.a >= 3 and profile.years < 3, go: end}
  - {id: c, text: {en: c}}
""",
    "dead-branch: what a branch knew still holds after an answer": """
length_ratio: 9
profile: {years: {type: number, answer: n}}
questions:
  - {id: a, text: {en: a}, next: [{when: profile.years > 3, go: n}, {go: end}]}
  - {id: n, kind: number, text: {en: n}, next: [{when: profile.years < 3, go: d}]}  #! dead-branch
  - {id: c, text: {en: c}}
  - {id: d, text: {en: d}}
""",
    "but an answer stands over a résumé": """
length_ratio: 9
profile: {years: {type: number, answer: n, resume: [years]}}
questions:
  - {id: a, text: {en: a}, next: [{when: profile.years > 3, go: n}, {go: end}]}
  - {id: n, kind: number, text: {en: n}, next: [{when: profile.years < 3, go: d}]}
  - {id: c, text: {en: c}}
  - {id: d, text: {en: d}}
""",
    "always-true": """
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.years >= 3, go: end}
      - {when: not profile.years >= 3, go: c}  #! always-true
      - {when: profile.years == 4, go: b}
      - {go: end}
  - {id: b, text: {en: b}}  #! unreachable-question
  - {id: c, text: {en: c}}
""",
    "always-true only for one type is fine": """
questions:
  - {id: a, text: {en: a}, next: [{when: candidate.type == "hire", go: c}]}
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-probe: the limit": """
questions:
  - id: q
    competency: work
    text: {en: q}
    max_probes: 0
    probes:
      - {id: p, when: missing(k), text: {en: p}}  #! dead-probe
----QUESTION""",
    "dead-probe: earlier probes": """
questions:
  - id: q
    competency: work
    text: {en: q}
    probes:
      - {id: p, when: words(q) < 20, text: {en: p}}
      - {id: r, when: missing(k) and words(q) < 10, text: {en: r}}  #! dead-probe
      - {id: s, when: missing(k), text: {en: s}}
----QUESTION""",
    "dead-probe: one more is allowed": """
questions:
  - id: q
    competency: work
    text: {en: q}
    max_probes: 2
    probes:
      - {id: p, when: words(q) < 20, text: {en: p}}
      - {id: r, when: missing(k) and words(q) < 10, text: {en: r}}
      - {id: s, when: missing(k) and words(q) < 5, text: {en: s}}  #! dead-probe
----QUESTION""",
    "always-probe": """
questions:
  - id: a
    text: {en: a}
    probes:
      - {id: p, when: missing(k), text: {en: p}}  #! always-probe
""",
    "dead-reply and always-true in a scenario": """
questions:
  - id: q
    kind: scenario
    competency: work
    text: {en: q}
    turns:
      - replies:
          - {id: a, when: missing(k), text: {en: a}}
          - {id: b, when: missing(k) and words(q) > 3, text: {en: b}}  #! dead-reply
          - {id: c, text: {en: c}}
          - {id: d, when: words(q) > 3, text: {en: d}}  #! dead-reply
      - replies:
          - {id: e, when: missing(k), text: {en: e}}
          - {id: f, when: not missing(k), text: {en: f}}  #! always-true
          - {id: g, when: words(q) > 3, text: {en: g}}
----QUESTION""",
    "replies of a later turn may know more, and never less": """
questions:
  - id: q
    kind: scenario
    competency: work
    text: {en: q}
    turns:
      - replies:
          - {id: a, when: missing(k) and words(q) < 5, text: {en: a}}
      - replies:
          - {id: b, when: not missing(k) and words(q) > 50, text: {en: b}}
      - replies:
          - {id: c, when: missing(k) or words(q) < 50, text: {en: c}}  #! dead-reply
      - replies:
          - {id: d, when: words(q) > 50, text: {en: d}}
----QUESTION""",
    "cycle": """
profile: {years: {type: number}}
questions:
  - {id: a, text: {en: a}}
  - {id: b, text: {en: b}, next: [{when: profile.years >= 3, go: a}]}  #! cycle
  - {id: c, text: {en: c}}
""",
    "a way back to what was left out is no cycle": """
questions:
  - {id: a, text: {en: a}, next: [{go: c}]}
  - {id: b, text: {en: b}, next: [{go: d}]}
  - {id: c, text: {en: c}, next: [{go: b}]}
  - {id: d, text: {en: d}}
""",
    "go-to-other-type": """
questions:
  - {id: a, text: {en: a}, next: [{go: c}]}  #! go-to-other-type
  - {id: b, for: [campus], text: {en: b}}  #! unreachable-question
  - {id: c, for: [hire], text: {en: c}}
  - {id: d, text: {en: d}}
""",
    "no-questions": """
candidate_types:
  hire: {en: Hire}
  campus: {en: Campus}  #! no-questions
questions:
  - {id: q, for: [hire], competency: work, text: {en: q}}
----QUESTION""",
    "unknown-value": """
profile:
  degree: {type: choice, options: [bachelor, master]}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.degree == "phd", go: c}  #! unknown-value
      - {when: 'profile.degree in ["master", "MBA"]', go: c}  #! unknown-value
      - {when: candidate.type != "intern", go: d}  #! unknown-value
  - {id: b, text: {en: b}}  #! unreachable-question
  - {id: c, text: {en: c}}
  - {id: d, text: {en: d}}
""",
    "unknown-value of an answer": """
questions:
  - id: a
    kind: choice
    text: {en: a}
    options: [{id: x, text: {en: x}}, {id: y, text: {en: y}}]
    next: [{when: answer.a == "z", go: c}]  #! unknown-value
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "impossible-comparison": """
profile: {years: {type: number}, city: {type: text}, degree: {type: choice, options: [m]}}
questions:
  - {id: n, kind: number, min: 0, max: 10, text: {en: n}}
  - id: a
    text: {en: a}
    next:
      - {when: profile.years == "3", go: c}  #! impossible-comparison
      - {when: profile.city == 3, go: c}  #! impossible-comparison
      - {when: profile.city > "B", go: c}  #! impossible-comparison
      - {when: profile.degree < "m", go: c}  #! impossible-comparison
      - {when: answer.a == "x", go: c}  #! impossible-comparison
      - {when: answer.n > 12, go: c}  #! impossible-comparison
      - {when: words(a) == -1, go: c}  #! impossible-comparison
      - {when: profile.city == " B", go: c}  #! impossible-comparison
      - {when: profile.degree == candidate.type, go: c}  #! impossible-comparison
      - {when: 'profile.years in ["3"]', go: c}  #! impossible-comparison
      - {when: profile.years == profile.city, go: c}  #! impossible-comparison
      - {when: answer.n >= 10, go: c}
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "asked-later": """
questions:
  - id: a
    text: {en: a}
    next:
      - {when: answer.c == "x", go: d}  #! asked-later
      - {when: words(d) > 3, go: d}  #! asked-later
      - {when: words(a) > 3, go: c}
  - {id: b, for: [campus], text: {en: b}}
  - id: c
    kind: choice
    text: {en: c}
    options: [{id: x, text: {en: x}}]
    next: [{when: words(b) > 3, go: end}]
  - {id: d, text: {en: d}}
""",
    "asked-later: the other way": """
profile: {years: {type: number}}
questions:
  - {id: a, text: {en: a}, next: [{when: profile.years > 3, go: c}]}
  - {id: b, text: {en: b}, next: [{go: d}]}
  - id: c
    text: {en: c}
    next: [{when: words(b) > 3, go: end}]  #! asked-later
  - {id: d, text: {en: d}}
""",
    "a question of the bank may be asked anywhere": """
questions:
  - {id: a, text: {en: a}, next: [{when: answer.x > 3, go: end}]}
  - {id: b, text: {en: b}}
bank:
  - {id: x, kind: number, text: {en: x}}
  - {id: y, text: {en: y}, probes: [{id: p, when: answer.a > 3, text: {en: p}}]}  #! impossible-comparison
""",
    "uncovered-competency": """
candidate_types: {campus: {en: Campus}}
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.years == 0, go: b}
      - {when: profile.years >= 3, go: end}  #! uncovered-competency
  - {id: b, text: {en: b}, minutes: 0.1}
  - {id: q, competency: work, text: {en: q}, minutes: 0.1}
----QUESTION""",
    "uncovered-competency: passed by without a branch": """
candidate_types: {campus: {en: Campus}}
profile: {years: {type: number}}
questions:
  - id: a  #! uncovered-competency
    text: {en: a}
    next: [{when: profile.years >= 3, go: q}]
  - {id: b, text: {en: b}, next: [{go: end}]}
  - {id: q, competency: work, text: {en: q}}
----QUESTION""",
    "uncovered-competency: no question at all": """
candidate_types: {campus: {en: Campus}}
questions:  #! uncovered-competency
  - {id: a, text: {en: a}}
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions: {}
""",
    "unequal-minutes": """
profile: {years: {type: number}}
questions:  #! unequal-minutes
  - id: q
    competency: work
    text: {en: q}
    minutes: 4
    next: [{when: profile.years >= 3, go: end}]
  - {id: b, text: {en: b}, minutes: 2.1}
----QUESTION""",
    "unequal-minutes just about equal": """
profile: {years: {type: number}}
length_ratio: 1.525
questions:
  - id: q
    competency: work
    text: {en: q}
    minutes: 4
    next: [{when: profile.years >= 3, go: end}]
  - {id: b, text: {en: b}, minutes: 2.1}
----QUESTION""",
    "unequal-minutes between types": """
length_ratio: 2  #! unequal-minutes
questions:
  - {id: q, text: {en: q}, competency: work, minutes: 4}
  - {id: b, for: [hire], text: {en: b}, minutes: 4.5}
----QUESTION""",
    "unequal-questions": """
profile: {years: {type: number}}
questions:  #! unequal-questions
  - {id: q, text: {en: a}, competency: work, next: [{when: profile.years >= 3, go: c}]}
  - {id: r, text: {en: b}, competency: work}
  - {id: s, text: {en: b}, competency: work, next: [{go: end}]}
  - {id: c, text: {en: c}}
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions:
  q: {key_points: [{id: k, texts: {en: k}}]}
  r: {key_points: [{id: k, texts: {en: k}}]}
  s: {key_points: [{id: k, texts: {en: k}}]}
""",
    "no finding when one way has one scored question more": """
profile: {years: {type: number}}
questions:
  - {id: q, text: {en: a}, competency: work, next: [{when: profile.years >= 3, go: c}]}
  - {id: r, text: {en: b}, competency: work, next: [{go: end}]}
  - {id: c, text: {en: c}}
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions:
  q: {key_points: [{id: k, texts: {en: k}}]}
  r: {key_points: [{id: k, texts: {en: k}}]}
""",
    "invalid": """
questions:
  - {id: a, text: {en: a}, seconds: 3}  #! invalid
  - {id: b, text: {en: b}, kind: choice}  #! invalid
""",
    "bad-condition": """
questions:
  - id: a
    text: {en: a}
    next:
      - when: profile.years >  #! bad-condition
        go: end
""",
    "duplicate-id": """
questions:
  - {id: a, text: {en: a}}
  - {id: a, text: {en: a}}  #! duplicate-id
""",
    "unknown-type": """
questions:
  - {id: a, for: [intern], text: {en: a}}  #! unknown-type
""",
    "unknown-question": """
profile: {years: {type: number, answer: z}}  #! unknown-question
questions:
  - {id: a, text: {en: a}, next: [{go: z}]}  #! unknown-question
""",
    "unknown-profile": """
questions:
  - {id: a, text: {en: "{profile.x}"}, next: [{when: known(profile.y), go: end}]}  #! unknown-profile #! unknown-profile
""",
    "misplaced-missing": """
questions:
  - {id: a, text: {en: a}, next: [{when: missing(k), go: end}]}  #! misplaced-missing
""",
    "bank-branch": """
questions:
  - {id: a, text: {en: a}}
bank:
  - {id: b, text: {en: b}, next: [{go: end}]}  #! bank-branch
""",
    "misplaced-fact": """
profile: {name: {type: text, default: {en: "you, {profile.name}"}}}  #! misplaced-fact
questions:
  - {id: a, label: {en: "{profile.name}"}, text: {en: "{profile.name}"}}  #! misplaced-fact
  - id: b
    kind: choice
    text: {en: b}
    options:
      - {id: x, text: {en: "{profile.name}"}}  #! misplaced-fact
""",
    "fill-mismatch": """
profile: {years: {type: number, answer: a}}  #! fill-mismatch
questions:
  - {id: a, text: {en: a}}
""",
    "harmless problems do not hide others": """
profile:
  resume: {type: text}  #! reserved-name
  name: {type: text}
questions:
  - {id: a, text: {en: "{profile.name}"}}  #! no-default
  - {id: b, text: {zh: 乙}, next: [{go: end}]}  #! missing-language
  - {id: c, text: {en: c}}  #! unreachable-question
""",
    "dead-reply before its key point can count": """
questions:
  - id: q
    kind: scenario
    competency: work
    text: {en: q}
    turns:
      - replies:
          - {id: l1, when: not missing(k), text: {en: l1}}  #! dead-reply
          - {id: l2, text: {en: l2}}
      - replies:
          - {id: l3, when: not missing(k), text: {en: l3}}
          - {id: l4, text: {en: l4}}
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions: {q: {key_points: [{id: k, at: [l2], texts: {en: k}}]}}
""",
    "dead-band": """
questions:
  - {id: q, kind: number, competency: work, min: 0, max: 10, text: {en: q}}  #! dead-band #! dead-band
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions:
  q:
    bands:
      - {id: low, max: 5, points: 0}
      - {id: lowest, min: 1, max: 2, points: 50}
      - {id: high, min: 50, points: 100}
      - {id: middle, max: 7, points: 60}
""",
    "slow-tests": """
questions:
  - id: q
    kind: code
    competency: work
    text: {en: q}
    code: {languages: [python], seconds: 10}  #! slow-tests
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions:
  q:
    tests:
      - {id: a, output: "1"}
      - {id: b, output: "1"}
      - {id: c, output: "1"}
      - {id: d, output: "1"}
      - {id: e, output: "1"}
      - {id: f, output: "1"}
      - {id: g, output: "1"}
""",
    "rubric and guide do not fit": """
questions:
  - id: q  #! unknown-line
    competency: work
    text: {en: q}
    probes:
      - {id: p, when: missing(other), text: {en: p}}  #! unknown-key-point
  - {id: r, competency: work, text: {en: r}}  #! not-in-rubric
  - id: s
    competency: play  #! unknown-competency
    text: {en: s}
    kind: number  #! scored-otherwise
  - id: t  #! unknown-option
    competency: work
    kind: choice
    text: {en: t}
    options:
      - {id: x, text: {en: x}}
      - {id: y, text: {en: y}}  #! unknown-option
----
rubric: sample
version: 1
competencies:  #! weights
  work: {weight: 90, name: {en: Work}}
questions:
  q:
    key_points:
      - {id: k, texts: {en: k}, at: [z]}
      - {id: k, texts: {en: k}}  #! duplicate-id
  s: {key_points: [{id: k, texts: {en: k}}]}
  t: {options: {x: 100, z: 0}}
""",
    "wrong-rubric": """
rubric: sample  #! wrong-rubric
questions:
  - {id: q, competency: own, text: {en: q}}  #! unknown-competency
----
rubric: another
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions: {q: {key_points: [{id: k, texts: {en: k}}]}}
""",
    "no-rubric": """
rubric: elsewhere  #! no-rubric
questions:
  - {id: a, text: {en: a}}
----none""",
    "unused-key-points": """
questions:
  - {id: q, competency: work, text: {en: q}}
  - {id: free, text: {en: free}}
bank:
  - {id: spare, competency: work, text: {en: spare}}
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions:
  q: {key_points: [{id: k, texts: {en: k}}]}
  spare: {key_points: [{id: k, texts: {en: k}}]}
  gone: {key_points: [{id: k, texts: {en: k}}]}  #! unused-key-points
  free: {key_points: [{id: k, texts: {en: k}}]}  #! unused-key-points
""",
    "missing-language of a rubric": """
questions:
  - {id: q, competency: work, text: {en: q}}
----
rubric: sample
version: 1
competencies:
  work:
    weight: 100
    name: {zh: 工作}  #! missing-language
    anchors:
      1: {en: Low}
      3: {zh: 中}  #! missing-language
questions:
  q:
    key_points:
      - {id: k, texts: {en: k}}
      - {id: m, texts: {zh: 甲}}  #! missing-language
""",
}
