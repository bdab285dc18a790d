vim9script
# What finds errors in output: an 'errorformat', that of a compiler plugin, or a problem matcher of VS Code's.

# Escapes of JavaScript that Vim writes otherwise; all others are the same behind `\v`.
const ESCAPES = {'\b': '%(<|>)', '\/': '\/'}
const LAZY = {'*?': '{-}', '+?': '{-1,}', '??': '{-0,1}'}
# Characters that mean something to Vim behind `\v`, and themselves to JavaScript.
const MAGIC = '[<>=@~%&]'
const TYPES = {error: 'E', warning: 'W', info: 'I', information: 'I', note: 'N', hint: 'N'}

# Translate a regular expression of JavaScript. Look-around and named groups are not known here and are an error.
export def VimRegexp(source: string): string
  if source =~ '(?[=!<]'
    throw 'a matcher may not look around or name its groups: ' .. source
  endif
  var made = '\v\C'
  var at = 0
  var inside = false
  while at < len(source)
    final two = strpart(source, at, 2)
    final one = strpart(source, at, 1)
    var piece = one
    var used = 1
    if one == '\'
      used = 2
      piece = inside ? get({'\s': ' \t', '\d': '0-9', '\w': '0-9A-Za-z_'}, two, two) : get(ESCAPES, two, two)
    elseif inside
      inside = one != ']'
    elseif one == '['
      inside = true
    elseif strpart(source, at, 3) == '(?:'
      piece = '%('
      used = 3
    elseif has_key(LAZY, two)
      piece = LAZY[two]
      used = 2
    elseif one =~ MAGIC
      piece = '\' .. one
    endif
    made ..= piece
    at += used
  endwhile
  return made
enddef

# What turns lines into entries by a problem matcher.
def ByPattern(matcher: dict<any>): func
  final pattern: dict<any> = matcher.pattern
  final regexp = VimRegexp(pattern.regexp)
  def Item(found: list<string>): dict<any>
    final Group = (name: string, default: number) => {
      final number: number = get(pattern, name, default)
      return number < 0 ? '' : found[number]
    }
    final severity = tolower(Group('severity', -1))
    final code = Group('code', -1)
    return {
      filename: Group('file', 1),
      lnum: str2nr(Group('line', 2)),
      col: str2nr(Group('column', -1)),
      text: Group('message', 0),
      nr: empty(code) ? -1 : str2nr(code),
      type: get(TYPES, severity, get(TYPES, get(matcher, 'severity', 'error'), 'E')),
      valid: 1,
    }
  enddef
  return (lines) => {
    return mapnew(lines, (_, line) => matchlist(line, regexp))->filter((_, found) => !empty(found))
      ->mapnew((_, found) => Item(found))
  }
enddef

def ByErrorformat(format: string): func
  return (lines) => getqflist({lines: lines, efm: format}).items
enddef

# The 'errorformat' of a compiler plugin; empty where there is none. It is sourced in a popup that nobody sees: a window
# of the layout needs room, and cannot be had from the command-line window.
def OfCompiler(name: string): string
  final ignored = &eventignore
  set eventignore=all
  final popup = popup_create('', {hidden: true})
  var format = ''
  try
    win_execute(popup, 'silent compiler ' .. name)
    format = getwinvar(popup, '&errorformat')
  catch /^Vim\%((\a\+)\)\=:E666/
    # There is none of that name.
  finally
    popup_close(popup)
    &eventignore = ignored
  endtry
  return format
enddef

# `Parse`, what turns lines into entries of the quickfix list, or v:null where the job asks for none; and perhaps why,
# as `problem`. `default` is an 'errorformat', or empty.
export def Of(spec: dict<any>, default: string): dict<any>
  if has_key(spec, 'matcher')
    try
      return {Parse: ByPattern(spec.matcher), problem: ''}
    catch
      return {Parse: v:null, problem: v:exception}
    endtry
  elseif has_key(spec, 'compiler')
    final format = OfCompiler(spec.compiler)
    if empty(format)
      final advice = 'there is no compiler plugin %s: see :help write-compiler-plugin'
      return {Parse: v:null, problem: printf(advice, spec.compiler)}
    endif
    return {Parse: ByErrorformat(format), problem: ''}
  endif
  final format: string = get(spec, 'errorformat', default)
  return {Parse: empty(format) ? v:null : ByErrorformat(format), problem: ''}
enddef
