vim9script
# Entries of a quickfix list as signs in the files that they are about.

const KINDS = {E: 'Error', W: 'Warning', I: 'Info', N: 'Info'}
const HIGHLIGHTS = {Error: 'ErrorMsg', Warning: 'WarningMsg', Info: 'Question'}

for [kind, highlight] in items(HIGHLIGHTS)
  execute printf('highlight default link PipeRpcSign%s %s', kind, highlight)
  sign_define('PipeRpc' .. kind, {text: kind[0] .. '>', texthl: 'PipeRpcSign' .. kind})
endfor

# Show `entries` of a list as signs of `group`, besides those that are there.
export def Place(group: string, entries: list<dict<any>>)
  for entry in entries
    if entry.bufnr > 0 && entry.lnum > 0
      final kind = get(KINDS, toupper(entry.type), 'Error')
      sign_place(0, group, 'PipeRpc' .. kind, entry.bufnr, {lnum: entry.lnum})
    endif
  endfor
enddef

export def Clear(group: string)
  sign_unplace(group)
enddef
