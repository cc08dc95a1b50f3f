# Writes scikit-learn.txt: observations, predictions and what scikit-learn says of them.
import numpy as np, sklearn
from sklearn import metrics as m
r = np.random.default_rng(7)
n = 60
y = np.round(r.normal(50, 20, n), 2)
p = np.round(y + r.normal(1, 8, n), 2)
label = (r.random(n) < 0.4).astype(int)
score = np.round(np.clip(0.35 * label + 0.65 * r.random(n), 0, 1), 2)   # two digits: ties
score[0], score[1] = 0.0, 1.0
label[0], label[1] = 1, 0     # certain and wrong
guess = (score >= 0.5).astype(int)
def g(v): return repr(float(v))
out = ["# y p label score guess: 60 pairs, and what scikit-learn %s says of them, by the script beside." % sklearn.__version__]
for row in zip(y, p, label, score, guess): out.append("%.2f %.2f %d %.2f %d" % row)
for k, v in [
  ("mae", m.mean_absolute_error(y, p)), ("rmse", m.root_mean_squared_error(y, p)),
  ("mape", m.mean_absolute_percentage_error(y, p)), ("r2_score", m.r2_score(y, p)),
  ("logloss", m.log_loss(label, score)), ("brier", m.brier_score_loss(label, score)),
  ("roc_auc", m.roc_auc_score(label, score)), ("pr_auc", m.average_precision_score(label, score)),
  ("accuracy", m.accuracy_score(label, guess)), ("precision_score", m.precision_score(label, guess)),
  ("recall_score", m.recall_score(label, guess)), ("f1", m.f1_score(label, guess)), ("mcc", m.matthews_corrcoef(label, guess))]:
    out.append("= %s %s" % (k, g(v)))
print("\n".join(out))
