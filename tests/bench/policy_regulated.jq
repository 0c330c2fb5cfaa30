# What `regulated` decides on a rebuild, as one program of jq alone: the name of the rule.
if any(.vulnerability.closes[]?; .kev or .severity == "critical") then "urgent-fix"
elif any(.vulnerability.closes[]?; .severity == "high") then "high-fix"
elif (.approvals | length) < 1 then "approved-build"
else "build" end
