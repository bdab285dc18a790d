--- What a terminal shows of text, without the terminal: no colours, no overwritten beginnings of lines.

local M = {}

--- Without escape sequences (ECMA-48: CSI, OSC and those of two characters), and of each line what stands behind its
--- last `\r`.
---@param text string
---@return string
function M.plain(text)
  text = text:gsub("\27%[[0-?]*[ -/]*[@-~]", ""):gsub("\27%][^\7\27]*\27?[\7\\]", ""):gsub("\27[ -/]*[0-~]", "")
  return (text:gsub("\r+\n", "\n"):gsub("[^\n]*\r", ""))
end

--- Sequences of UTF-8 (RFC 3629, section 4) as patterns.
local SEQUENCES = {
  "[\194-\223][\128-\191]",
  "\224[\160-\191][\128-\191]",
  "[\225-\236\238-\239][\128-\191][\128-\191]",
  "\237[\128-\159][\128-\191]",
  "\240[\144-\191][\128-\191][\128-\191]",
  "[\241-\243][\128-\191][\128-\191][\128-\191]",
  "\244[\128-\143][\128-\191][\128-\191]",
}

--- Whether it is valid UTF-8. Names of files and values of the environment need not be.
---@param text string
---@return boolean
function M.is_utf8(text)
  if not text:find("[\128-\255]") then
    return true
  end
  for _, sequence in ipairs(SEQUENCES) do
    text = text:gsub(sequence, "?")
  end
  return not text:find("[\128-\255]")
end

return M
