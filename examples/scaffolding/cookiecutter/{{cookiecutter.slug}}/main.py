from fastapi import FastAPI

app = FastAPI(title="{{ cookiecutter.name }}")


@app.get("/")
def hello():
    return {"hello": "{{ cookiecutter.name }}"}
