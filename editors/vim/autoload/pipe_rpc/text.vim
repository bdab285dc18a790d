vim9script
# What a terminal shows of text, without the terminal: no colours, no overwritten beginnings of lines.

# Escape sequences (ECMA-48): CSI, OSC, and those of two characters.
const SEQUENCES = '\e\[[0-?]*[ -/]*[@-~]\|\e\][^\x07\e]*\%(\%x07\|\e\\\)\?\|\e[ -/]*[0-~]'

# Without escape sequences, and of each line what stands behind its last `\r`.
export def Plain(text: string): string
  var plain = text
  if stridx(plain, "\e") >= 0
    plain = substitute(plain, SEQUENCES, '', 'g')
  endif
  if stridx(plain, "\r") >= 0
    plain = plain->substitute('\r\+\ze\n', '', 'g')->substitute('[^\n]*\r', '', 'g')
  endif
  return plain
enddef

# Whether it is UTF-8 (RFC 3629). Names of files and values of the environment need not be. Where 'encoding' is another
# one, every byte means a character of it, and Vim translates.
export def IsUtf8(text: string): bool
  if &encoding != 'utf-8'
    return true
  elseif len(text) == strcharlen(text)
    # ASCII, or bytes that are no characters. A pattern would look at a megabyte for half a second.
    return stridx(json_encode(text), "\uFFFD") < 0
  endif
  final characters = str2list(text, true)
  for character in characters
    if character >= 0xd800 && character <= 0xdfff || character > 0x10ffff
      return false
    endif
  endfor
  return list2str(characters, true) ==# text
enddef
