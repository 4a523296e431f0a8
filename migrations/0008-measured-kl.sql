-- KL(policy || reference policy) when the iteration was over; NULL where nobody measured it.

ALTER TABLE iteration ADD COLUMN kl_pairs INTEGER CHECK (kl_pairs > 0);

-- Nats a response: means over the pairs, and the means' standard errors.
ALTER TABLE iteration ADD COLUMN kl_actual REAL;

ALTER TABLE iteration ADD COLUMN kl_actual_se REAL;

ALTER TABLE iteration ADD COLUMN kl_generated REAL;

ALTER TABLE iteration ADD COLUMN kl_generated_se REAL;

ALTER TABLE iteration ADD COLUMN kl_seconds REAL;
