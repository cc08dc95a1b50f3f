-- The demo's models, trained on one snapshot of all flights; @ names the step.

-- @ train delay_minutes
CREATE OR REPLACE MODEL delay_minutes PREDICT delay USING linear_regression AS
SELECT delay, distance, extract(hour FROM date) AS hour, origin FROM flights;

-- @ train delay_late
CREATE OR REPLACE MODEL delay_late PREDICT late USING logistic_regression AS
SELECT delay > 15 AS late, distance, extract(hour FROM date) AS hour FROM flights;
