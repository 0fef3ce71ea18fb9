"""Lua for scripts in Redis. What somebody else put under a key of ours costs nobody but that key."""

#: ``ours(command, key, …)``: a value of another type makes room; every other error is raised as ever.
OURS = """
local function ours(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then redis.call('DEL', key) end
  return redis.call(command, key, ...)
end
"""
#: ``read(command, key, …)``: a value of another type counts as none.
READ = """
local function read(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return {} end
  return redis.call(command, key, ...)
end
"""
