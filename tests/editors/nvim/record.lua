--- What tests look at: every notice, every `User` autocommand, and questions that are asked often.

notices, events, asked = {}, {}, {}

vim.notify = function(message, level)
  table.insert(notices, { message, level })
end

function noticed(part)
  for _, notice in ipairs(notices) do
    if notice[1]:find(part, 1, true) then
      return notice[1]
    end
  end
end

vim.api.nvim_create_autocmd("User", {
  pattern = "PipeRpc*",
  callback = function(event)
    table.insert(events, { event.match, event.data.job, event.data.state })
  end,
})

--- Answer `vim.ui.input` by `answer`, and remember what was asked.
function answer_with(answer)
  vim.ui.input = function(options, callback)
    table.insert(asked, options.prompt)
    callback(answer)
  end
end

function shows(job, text)
  local buffer = require("pipe_rpc").job(job).output.number
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n"):find(text, 1, true) ~= nil
end

--- Ask the server about a session, and return its newest answer.
local answers = {}
function answered(method, session)
  require("pipe_rpc.server").request(method, { sessionId = session }, function(err, result)
    answers[method] = assert(not err and result, err and err.message)
  end)
  return answers[method] or { stdout = {} }
end
