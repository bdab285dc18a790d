vim9script
# Reads what is typed behind `:PipeRpc run` and `:PipeRpc shell`: options, words, names that stand for files.

import './config.vim'

# Options of run and shell: what completes their values.
export const OPTIONS: dict<any> = {
  cwd: 'dir',
  env: 'environment',
  name: '',
  tee: 'file',
  timeout: '',
  compiler: 'compiler',
  efm: '',
  open: config.PLACES,
}

# Stands for a blank that is no end of a word, while words are split.
const BLANK = "\x01"

# Set what an option asks for. Returns a sentence where it is none.
def SetOption(spec: dict<any>, name: string, value: string): string
  if !has_key(OPTIONS, name)
    return printf('there is no ++%s; there are ++%s', name, join(sort(keys(OPTIONS)), ', ++'))
  elseif name == 'cwd'
    if empty(value)
      return '++cwd needs a directory'
    endif
    # Also one that 'wildignore' hides.
    spec.cwd = expand(value, true)
  elseif name == 'env'
    final pair = matchlist(value, '^\([^=]\+\)=\(.*\)$')
    if empty(pair)
      return '++env needs NAME=VALUE'
    endif
    spec.env = extend(get(spec, 'env', {}), {[pair[1]]: pair[2]})
  elseif name == 'timeout'
    if value !~ '^\d*\.\?\d\+$' || str2float(value) <= 0
      return '++timeout needs a number of seconds'
    endif
    spec.timeout_ms = str2float(value) * 1000
  elseif name == 'open'
    if index(config.PLACES, value) < 0
      return '++open needs one of ' .. join(config.PLACES, ', ')
    endif
    spec.open = value
  else
    spec[name == 'efm' ? 'errorformat' : name] = value
  endif
  return ''
enddef

# Read `++name=value` in front of a command. A blank in a value is written as `\ `. Returns the spec, what stands behind
# the options, and where they are wrong a sentence.
export def ReadOptions(text: string): list<any>
  var spec: dict<any> = {}
  var rest = trim(substitute(text, '\\ ', BLANK, 'g'))
  while rest =~ '^++\S'
    final option = matchlist(rest, '^++\(\S\+\)\s*\(.*\)$')
    final pair = matchlist(substitute(option[1], BLANK, ' ', 'g'), '^\(\w\+\)=\(.*\)$')
    final problem = empty(pair) ? 'an option is written ++name=value' : SetOption(spec, pair[1], pair[2])
    if !empty(problem)
      return [{}, '', problem]
    endif
    rest = option[2]
  endwhile
  return [spec, substitute(rest, BLANK, '\\ ', 'g'), '']
enddef

# What `%`, `#3`, `%:p:h` or `<cfile>` stands for, where it is a word of its own; else empty. |expandcmd()| would take
# backslashes away, too, which commands have their own use for.
def Expansion(word: string): string
  return word =~ '^\%([%#]\d*\|<c\a\+>\)\%(:[:[:alnum:]~.]*\)\?$' ? expand(word) : ''
enddef

# The words of a command: split at blanks, except behind a backslash; `\%` is a percent sign.
export def Words(text: string): list<string>
  return split(substitute(text, '\\ ', BLANK, 'g'))->mapnew((_, word) => {
    final meant = Expansion(word)
    final written = empty(meant) ? word->substitute('^\\\ze[%#]', '', '')->substitute('^\~\ze/', '\=$HOME', '') : meant
    return substitute(written, BLANK, ' ', 'g')
  })
enddef

# A line for the shell, with names of files in the place of `%` and the like, quoted.
export def ShellLine(text: string): string
  return substitute(text, '\S\+', (found) => {
    final meant = Expansion(found[0])
    return empty(meant) ? substitute(found[0], '^\\\ze[%#]', '', '') : shellescape(meant)
  }, 'g')
enddef
