vim9script
# The types of text properties that looks become, see sgr.vim; each has a highlight group of its own.

# Vim has room for some thousands of highlight groups. A program that uses more colours gets the rest without.
const MAX_STYLES = 2000

const ATTRIBUTES = {b: 'bold', i: 'italic', u: 'underline', r: 'reverse', s: 'strikethrough'}
# The first sixteen, where `g:terminal_ansi_colors` has none: those of xterm.
const NAMED = [
  '#000000', '#cd0000', '#00cd00', '#cdcd00', '#0000ee', '#cd00cd', '#00cdcd', '#e5e5e5',
  '#7f7f7f', '#ff0000', '#00ff00', '#ffff00', '#5c5cff', '#ff00ff', '#00ffff', '#ffffff',
]
const LEVELS = [0, 95, 135, 175, 215, 255]

# The name of the type by look.
var types: dict<string> = {}

# As Vim wants it with 'termguicolors'.
def Gui(colour: string): string
  if colour[0] == '#'
    return colour
  endif
  final number = str2nr(colour)
  if number < 16
    return get(get(g:, 'terminal_ansi_colors', NAMED), number, NAMED[number])
  elseif number < 232
    final cube = number - 16
    return printf('#%02x%02x%02x', LEVELS[cube / 36], LEVELS[cube / 6 % 6], LEVELS[cube % 6])
  endif
  final grey = min([8 + (number - 232) * 10, 238])
  return printf('#%02x%02x%02x', grey, grey, grey)
enddef

# The nearest of the 256 of a terminal.
def Cterm(colour: string): string
  if colour[0] != '#'
    return min([str2nr(colour), 255]) .. ''
  endif
  var number = 16
  for [at, weight] in [[1, 36], [3, 6], [5, 1]]
    final level = str2nr(strpart(colour, at, 2), 16)
    number += weight * (level < 48 ? 0 : level < 115 ? 1 : (level - 35) / 40)
  endfor
  return string(number)
enddef

def Define(name: string, look: string)
  final [flags, front, back] = split(look, '/', true)
  # Vim has no dim letters; comments are what a colour scheme draws so.
  if flags == 'd' && empty(front .. back)
    execute 'highlight default link' name 'Comment'
    return
  endif
  final attributes = split(flags, '\zs')->map((_, flag) => get(ATTRIBUTES, flag, ''))->filter((_, one) => !empty(one))
  final drawn = empty(attributes) ? 'NONE' : join(attributes, ',')
  var command = printf('highlight default %s term=%s cterm=%s gui=%s', name, drawn, drawn, drawn)
  if !empty(front)
    command ..= printf(' ctermfg=%s guifg=%s', Cterm(front), Gui(front))
  endif
  if !empty(back)
    command ..= printf(' ctermbg=%s guibg=%s', Cterm(back), Gui(back))
  endif
  execute command
enddef

# The name of the type of text property that draws this look; empty where there are too many.
export def TypeOf(look: string): string
  if !has_key(types, look)
    if len(types) >= MAX_STYLES
      return ''
    endif
    final name = 'PipeRpcLook_' .. len(types)
    types[look] = name
    Define(name, look)
    prop_type_add(name, {highlight: name, combine: false})
  endif
  return types[look]
enddef

# A colour scheme has cleared all highlight groups.
def DefineAll()
  for [look, name] in items(types)
    Define(name, look)
  endfor
enddef

augroup pipe_rpc_styles
  autocmd!
  autocmd ColorScheme * DefineAll()
augroup END
