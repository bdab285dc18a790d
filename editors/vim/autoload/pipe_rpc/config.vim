vim9script
# The settings: defaults, what the user said, and what is wrong with it.
#
# `g:pipe_rpc` may change at any time. A setting that is wrong is told once and its default holds, so that a typing
# mistake in a vimrc breaks nothing else.

import './notices.vim'

export const PLACES = ['split', 'vsplit', 'tab', 'current', 'none']

const DEFAULTS = {
  cmd: [],
  start_timeout_ms: 30000,
  grace_ms: 2000,
  color: true,
  env: {},
  scrollback: 10000,
  open: 'split',
  height: 12,
  notify: {failed: true, longer_than_ms: 10000},
  quickfix: {errorformat: '', open: false, diagnostics: true},
}

# More would make Vim slow, and nobody reads them.
const MAX_SCROLLBACK = 100000

def Whole(value: any, least: number, most = v:numbermax): bool
  return type(value) == v:t_number && value >= least && value <= most
enddef

def Strings(values: any): bool
  return type(values) == v:t_list && indexof(values, (_, value) => type(value) != v:t_string) < 0
enddef

def Truth(value: any): bool
  return type(value) == v:t_bool || Whole(value, 0, 1)
enddef

# Of each setting: whether a value fits, and what is expected. Dictionaries are settings within settings.
const TRUTH = [Truth, 'v:true or v:false']
const CHECKS: dict<any> = {
  cmd: [(value) => Strings(value) && !empty(value), "a list of strings such as ['pipe-rpc', '--stdio']"],
  start_timeout_ms: [(value) => Whole(value, 1), 'a whole number of at least 1'],
  grace_ms: [(value) => Whole(value, 0), 'a whole number of at least 0'],
  color: TRUTH,
  env: [
    (value) => type(value) == v:t_dict && Strings(values(value)),
    "a dictionary of strings such as {'CARGO_TERM_COLOR': 'always'}",
  ],
  scrollback: [
    (value) => Whole(value, 1, MAX_SCROLLBACK),
    'a whole number of at least 1 and at most ' .. MAX_SCROLLBACK,
  ],
  open: [(value) => index(PLACES, value) >= 0, 'one of ' .. join(PLACES, ', ')],
  height: [(value) => Whole(value, 1), 'a whole number of at least 1'],
  notify: {failed: TRUTH, longer_than_ms: [(value) => Whole(value, 0), 'a whole number of at least 0']},
  quickfix: {
    errorformat: [(value) => type(value) == v:t_string, 'a string'],
    open: TRUTH,
    diagnostics: TRUTH,
  },
}

var settings: dict<any> = {}
var seen: any = v:null
var problems: list<string> = []

def Lay(over: dict<any>, given: dict<any>, checks: dict<any>, path: string)
  for [name, value] in items(given)
    final where = path .. name
    final check: any = get(checks, name, [])
    if type(check) == v:t_dict
      if type(value) == v:t_dict
        Lay(over[name], value, check, where .. '.')
      else
        add(problems, where .. ' must be a dictionary')
      endif
    elseif empty(check)
      add(problems, printf('%s is no setting; there are %s', where, join(sort(keys(checks)), ', ')))
    elseif call(check[0], [value])
      over[name] = check is TRUTH ? !!value : deepcopy(value)
    else
      add(problems, printf('%s must be %s, and is %s', where, check[1], string(value)))
    endif
  endfor
enddef

def Settle(given: any)
  seen = deepcopy(given)
  settings = deepcopy(DEFAULTS)
  problems = []
  if type(given) == v:t_dict
    Lay(settings, given, CHECKS, '')
  else
    add(problems, 'the settings must be a dictionary, and are ' .. string(given))
  endif
  for problem in problems
    notices.Warn(problem)
  endfor
enddef

# The settings in force.
export def Get(): dict<any>
  final given: any = get(g:, 'pipe_rpc', {})
  if type(given) != type(seen) || given != seen
    Settle(given)
  endif
  return settings
enddef

# What is wrong with what the user said, a sentence each.
export def Problems(): list<string>
  Get()
  return problems
enddef
