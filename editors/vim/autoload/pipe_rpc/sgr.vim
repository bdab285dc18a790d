vim9script
# Colours and attributes: what SGR sequences (ECMA-48 8.3.117, ISO 8613-6) change.
#
# A look is a text, so that equal looks are equal: flags (b d i u r s), foreground, background, such as "b/1/#0000ff".
# The look of plain text is empty.

const FLAGS = {1: 'b', 2: 'd', 3: 'i', 4: 'u', 7: 'r', 9: 's'}
const UNFLAGS = {21: 'b', 22: '[bd]', 23: 'i', 24: 'u', 27: 'r', 29: 's'}

# The colour that 38 or 48 introduces at `at`, and how many numbers that takes.
def Extended(codes: list<number>, at: number): list<any>
  final kind = get(codes, at + 1)
  if kind == 5
    return [string(get(codes, at + 2)), 3]
  elseif kind == 2
    final [red, green, blue] = [get(codes, at + 2), get(codes, at + 3), get(codes, at + 4)]
    return [printf('#%02x%02x%02x', and(red, 255), and(green, 255), and(blue, 255)), 5]
  endif
  return ['', 1]
enddef

# What changes came to, for programs use the same few again and again; and how many are remembered.
var known: dict<string> = {}
const MAX_KNOWN = 2000

# The look behind a sequence: `parameters` is what stands between `ESC [` and `m`.
export def Change(look: string, parameters: string): string
  final change = look .. ' ' .. parameters
  if !has_key(known, change)
    known = len(known) < MAX_KNOWN ? known : {}
    known[change] = Changed(look, parameters)
  endif
  return known[change]
enddef

def Changed(look: string, parameters: string): string
  # `38:2::r:g:b` has a colour space, which nobody sets.
  final written = substitute(parameters, '\([34]8:2\)::', '\1:', 'g')
  # `4:3` is a curly line, and `4:0` none.
  final codes = substitute(written, '\<4:0\>', '24', 'g')->substitute('\<4:\d', '4', 'g')
    ->split('[;:]', true)->map((_, code) => str2nr(code))
  var [flags, front, back] = empty(look) ? ['', '', ''] : split(look, '/', true)
  var at = 0
  while at < len(codes)
    final code = codes[at]
    var used = 1
    if code == 0
      [flags, front, back] = ['', '', '']
    elseif has_key(FLAGS, code)
      flags = stridx(flags, FLAGS[code]) < 0 ? flags .. FLAGS[code] : flags
    elseif has_key(UNFLAGS, code)
      flags = substitute(flags, UNFLAGS[code], '', 'g')
    elseif code >= 30 && code <= 37 || code >= 90 && code <= 97
      front = string(code < 90 ? code - 30 : code - 82)
    elseif code >= 40 && code <= 47 || code >= 100 && code <= 107
      back = string(code < 100 ? code - 40 : code - 92)
    elseif code == 38
      [front, used] = Extended(codes, at)
    elseif code == 48
      [back, used] = Extended(codes, at)
    elseif code == 39
      front = ''
    elseif code == 49
      back = ''
    endif
    at += used
  endwhile
  flags = flags->split('\zs')->sort()->join('')
  return empty(flags .. front .. back) ? '' : join([flags, front, back], '/')
enddef
