vim9script
# JSON as the wire has it: json_encode() would write six digits of a Float, and U+FFFD for bytes that are no UTF-8.

import './text.vim'

export const INVALID_TEXT = 'pipe-rpc: names, arguments and text must be UTF-8, and these are not'

# The fewest digits that read back as the same number.
def Exact(number: float): string
  for digits in [15, 16, 17]
    final written = printf('%.' .. digits .. 'g', number)
    if str2float(written) == number
      return written
    endif
  endfor
  # Infinity and NaN are equal to nothing that could be written.
  return 'null'
enddef

# Throws INVALID_TEXT.
export def Encode(value: any): string
  final kind = type(value)
  if kind == v:t_dict
    return '{' .. items(value)->mapnew((_, pair) => Encode(pair[0]) .. ':' .. Encode(pair[1]))->join(',') .. '}'
  elseif kind == v:t_list
    return '[' .. mapnew(value, (_, one) => Encode(one))->join(',') .. ']'
  elseif kind == v:t_string && !text.IsUtf8(value)
    throw INVALID_TEXT
  endif
  return kind == v:t_float ? Exact(value) : json_encode(value)
enddef
