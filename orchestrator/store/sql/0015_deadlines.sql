-- What is due next and what is breached are found without reading all exposures.
DROP INDEX exposures_deadline;
CREATE INDEX exposures_deadline ON exposures (deadline, id) WHERE closed_at = 0 AND deadline > 0;
CREATE INDEX exposures_over ON exposures (deadline) WHERE closed_at = 0 AND deadline > 0 AND breached_at = 0;
CREATE INDEX exposures_due ON exposures (since + (deadline - since) / 4 * 3)
  WHERE closed_at = 0 AND deadline > 0 AND breached_at = 0 AND due_told = 0;
